//! What providers write when they refuse, and what we make of it.

use super::*;

const O: Dialect = Dialect::OpenAi;
const A: Dialect = Dialect::Anthropic;

#[test]
fn refusals_are_classified() {
    #[rustfmt::skip]
    let cases: &[(Dialect, u16, &str, FailureCategory)] = &[
        // OpenAI
        (O, 400, r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#, ContextOverflow),
        (O, 400, r#"{"error":{"message":"Your input tokens exceed the configured limit of 272000 tokens.","type":"invalid_request_error","code":null}}"#, ContextOverflow),
        (O, 429, r#"{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM).","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#, RateLimit),
        (O, 429, r#"{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000.","type":"tokens","code":"rate_limit_exceeded"}}"#, ContextOverflow),
        (O, 429, r#"{"error":{"message":"Slow down.","type":"requests","code":"slow_down"}}"#, RateLimit),
        (O, 429, r#"{"error":{"message":"You exceeded your current quota, please check your plan.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#, Quota),
        (O, 429, r#"{"error":{"message":"Limit.","type":"insufficient_quota","code":"project_spend_limit_exceeded"}}"#, Quota),
        (O, 401, r#"{"error":{"message":"Incorrect API key provided: sk-x***y.","type":"invalid_request_error","code":"invalid_api_key"}}"#, Auth),
        (O, 401, r#"{"error":{"message":"You must be a member of an organization to use the API","type":"invalid_request_error","code":null}}"#, Auth),
        (O, 403, r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","code":"unsupported_country_region_territory"}}"#, Permission),
        (O, 404, r#"{"error":{"message":"The model `x` does not exist or you do not have access to it.","type":"invalid_request_error","code":"model_not_found"}}"#, NotFound),
        (O, 404, r#"{"error":{"message":"Invalid URL (POST /v1/v1/chat/completions)","type":"invalid_request_error","code":null}}"#, BadReply),
        (O, 400, r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","type":"invalid_request_error","code":"invalid_prompt"}}"#, ContentFilter),
        (O, 400, r#"{"error":{"message":"Unsupported parameter: 'temperature'.","type":"invalid_request_error","param":"temperature","code":"unsupported_parameter"}}"#, BadRequest),
        (O, 400, r#"{"error":{"message":"Invalid 'user': string too long. Expected a string with maximum length 64.","type":"invalid_request_error","code":"string_above_max_length"}}"#, BadRequest),
        (O, 400, r#"{"error":{"message":"Upstream returned 429.","type":"invalid_request_error"}}"#, BadRequest),
        (O, 500, r#"{"error":{"message":"The server had an error.","type":"server_error","code":null}}"#, Server),
        (O, 503, r#"{"error":{"message":"That model is currently overloaded.","type":"server_error"}}"#, Overloaded),
        (O, 504, "", Timeout),
        // Azure
        (O, 404, r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#, NotFound),
        (O, 400, r#"{"error":{"message":"The response was filtered.","type":null,"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#, ContentFilter),
        // Anthropic
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#, ContextOverflow),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000"}}"#, ContextOverflow),
        (A, 413, r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#, ContextOverflow),
        (A, 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit."}}"#, RateLimit),
        (A, 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"Monthly limit.","details":{"error_code":"enforced_spend_limit_reached"}}}"#, Quota),
        (A, 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"Too steep.","details":{"error_code":"ramp_limit_exceeded"}}}"#, RateLimit),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01."}}"#, Quota),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits."}}"#, Quota),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#, Quota),
        (A, 402, r#"{"type":"error","error":{"type":"billing_error","message":"Payment required"}}"#, Quota),
        (A, 401, r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, Auth),
        (A, 403, r#"{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission"}}"#, Permission),
        (A, 404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}"#, NotFound),
        (A, 404, r#"{"type":"error","error":{"type":"not_found_error","message":"Not Found"}}"#, BadReply),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#, ContentFilter),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: at least one message is required"}}"#, BadRequest),
        (A, 529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
        (A, 500, r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#, Server),
        (A, 504, r#"{"type":"error","error":{"type":"timeout_error","message":"Timed out"}}"#, Timeout),
        // Gemini's OpenAI surface
        (O, 429, r#"[{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProject"}]}]}}]"#, RateLimit),
        (O, 429, r#"[{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}]"#, Quota),
        (O, 402, r#"{"error":{"code":402,"message":"Prepay empty.","status":"RESOURCE_EXHAUSTED"}}"#, Quota),
        (O, 400, r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#, Auth),
        (O, 400, r#"{"error":{"code":400,"message":"The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#, ContextOverflow),
        // Mistral
        (O, 401, r#"{"object":"error","message":"Unauthorized","type":"authentication_error","param":null,"code":null}"#, Auth),
        (O, 400, r#"{"object":"error","message":"Prompt contains 40000 tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":"3051"}"#, ContextOverflow),
        (O, 422, r#"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}"#, BadRequest),
        (O, 429, r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","code":"3505"}"#, RateLimit),
        // Groq
        (O, 413, r#"{"error":{"message":"Request too large for model `x` on tokens per minute (TPM): Limit 6000","type":"tokens","code":"rate_limit_exceeded"}}"#, ContextOverflow),
        (O, 498, r#"{"error":{"message":"Flex tier is full","type":"internal_server_error","code":"capacity_exceeded"}}"#, Overloaded),
        (O, 400, r#"{"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<x>"}}"#, Server),
        // DeepSeek
        (O, 402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#, Quota),
        (O, 422, r#"{"error":{"message":"Failed to deserialize","type":"invalid_request_error"}}"#, BadRequest),
        // xAI
        (O, 400, r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***yz."}"#, Auth),
        (O, 400, r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 200000 tokens."}"#, ContextOverflow),
        (O, 403, r#"{"code":"The caller does not have permission","error":"Your team has used all available credits or reached its monthly spending limit."}"#, Quota),
        (O, 403, r#"{"code":"The caller does not have permission","error":"Access denied."}"#, Permission),
        // OpenRouter
        (O, 402, r#"{"error":{"code":402,"message":"Insufficient credits","metadata":{"limit_source":"openrouter_credits"}}}"#, Quota),
        (O, 502, r#"{"error":{"code":502,"message":"Provider returned error"}}"#, Server),
        (O, 403, r#"{"error":{"code":403,"message":"Your input was flagged by moderation","metadata":{"reasons":["x"]}}}"#, ContentFilter),
        // Together, Fireworks, Cohere
        (O, 403, r#"{"error":{"message":"The inputs tokens + max_new_tokens must be <= 8193.","type":"invalid_request_error"}}"#, ContextOverflow),
        (O, 412, r#"{"error":{"object":"error","type":"invalid_request_error","code":"x","message":"Account is suspended"}}"#, Quota),
        (O, 400, r#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081"}"#, ContextOverflow),
        (O, 498, r#"{"message":"invalid token"}"#, Auth),
        // Local servers
        (O, 400, r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}"#, ContextOverflow),
        (O, 503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, Overloaded),
        (O, 404, r#"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error"}}"#, NotFound),
        (O, 500, r#"{"error":"llama runner process has terminated"}"#, Server),
        (O, 400, r#"{"object":"error","message":"You passed 9000 input tokens. However, the model's context length is only 4096 tokens.","type":"BadRequestError","param":"input_tokens","code":400}"#, ContextOverflow),
        // Gateways and pages
        (O, 404, r#"{"detail":"Not Found"}"#, BadReply),
        (O, 404, "404 page not found", BadReply),
        (O, 404, "", NotFound),
        (O, 403, "<html><title>Just a moment...</title></html>", BadReply),
        (O, 404, "<!doctype html>", BadReply),
        (O, 429, "<html></html>", RateLimit),
        (O, 502, "<html><title>502 Bad Gateway</title></html>", Server),
        (O, 503, "<html></html>", Overloaded),
        (O, 503, "upstream connect error or disconnect/reset before headers", Overloaded),
        (O, 524, "error code: 524", Timeout),
        (O, 408, "", Timeout),
        (O, 302, "", BadReply),
    ];
    for (dialect, status, body, expected) in cases {
        let failure = classify(*dialect, *status, None, body.as_bytes());
        assert_eq!(failure.category, *expected, "{status} {body}");
        assert_eq!(failure.status, Some(*status));
        assert!(!failure.message.is_empty(), "{status} {body}");
    }
}

#[test]
fn credit_held_by_requests_under_way_comes_back() {
    let body = br#"{"error":{"code":402,"message":"In flight.","metadata":{"limit_source":"openrouter_in_flight_budget"}}}"#;
    assert_eq!(classify(O, 402, Some(2_000), body).category, RateLimit);
}

#[test]
fn errors_inside_a_200_are_classified_by_what_they_name() {
    let cases = [
        (
            A,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            Overloaded,
        ),
        (
            A,
            r#"{"type":"error","error":{"type":"api_error","message":"Oops"}}"#,
            Server,
        ),
        (
            A,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"No"}}"#,
            BadRequest,
        ),
        (O, r#"{"error":{"code":429,"message":"Slow"}}"#, RateLimit),
        (
            O,
            r#"{"error":{"code":502,"message":"Provider disconnected"},"choices":[]}"#,
            Server,
        ),
        (
            O,
            r#"{"error":{"message":"","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            ContextOverflow,
        ),
        (
            O,
            r#"{"error":{"message":"The number of tokens to keep from the initial prompt is greater than the context length"}}"#,
            ContextOverflow,
        ),
        (O, "it broke", Server),
    ];
    for (dialect, body, expected) in cases {
        let failure = in_stream(dialect, body.as_bytes());
        assert_eq!(
            (failure.category, failure.status),
            (expected, Some(200)),
            "{body}"
        );
    }
}

#[test]
fn a_thought_that_is_not_valid_there_is_told_apart() {
    const G: Dialect = Dialect::Gemini;
    #[rustfmt::skip]
    let cases: &[(Dialect, u16, &str)] = &[
        (O, 400, r#"{"error":{"message":"The encrypted content gAAA... could not be verified. Reason: Encrypted content could not be decrypted or parsed.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}"#),
        (O, 400, r#"{"error":{"message":"The encrypted content for item rs_1 could not be verified.","type":"invalid_request_error","code":null}}"#),
        (O, 422, r#"{"error":"Encrypted content could not be decrypted or parsed."}"#),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `data` in `redacted_thinking` block"}}"#),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.3.content.0.thinking.signature: Field required"}}"#),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: thinking block is bound to a different conversation"}}"#),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.5.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response."}}"#),
        (Dialect::Bedrock, 400, r#"{"message":"messages.1.content.0: Invalid `signature` in `thinking` block"}"#),
        (G, 400, r#"{"error":{"code":400,"message":"Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.","status":"INVALID_ARGUMENT"}}"#),
        (G, 400, r#"{"error":{"code":400,"message":"Invalid thought signature.","status":"INVALID_ARGUMENT"}}"#),
        (G, 400, r#"[{"error":{"code":400,"message":"Corrupted thought signature.","status":"INVALID_ARGUMENT"}}]"#),
    ];
    for (dialect, status, body) in cases {
        let category = classify(*dialect, *status, None, body.as_bytes()).category;
        assert_eq!(category, StateLost, "{body}");
    }
    let in_a_200 = in_stream(
        O,
        br#"{"error":{"code":"invalid_encrypted_content","message":"m"}}"#,
    );
    assert_eq!(in_a_200.category, StateLost);
}

#[test]
fn what_only_sounds_like_a_lost_thought_is_not_one() {
    #[rustfmt::skip]
    let cases: &[(Dialect, u16, &str, FailureCategory)] = &[
        (Dialect::Bedrock, 403, r#"{"message":"The request signature we calculated does not match the signature you provided."}"#, Permission),
        (Dialect::Bedrock, 400, r#"{"message":"Invalid signature in the authorization header"}"#, BadRequest),
        (O, 400, r#"{"error":{"message":"Your organization could not be verified to use this model.","type":"invalid_request_error"}}"#, BadRequest),
        (O, 400, r#"{"error":{"message":"Encrypted content is not supported with this model.","type":"invalid_request_error","param":"include"}}"#, BadRequest),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."}}"#, BadRequest),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"`max_tokens` must be greater than `thinking.budget_tokens`."}}"#, BadRequest),
        (A, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"This file is bound to a different conversation."}}"#, BadRequest),
        (A, 500, r#"{"type":"error","error":{"type":"api_error","message":"Invalid `signature` in `thinking` block"}}"#, Server),
        (Dialect::Gemini, 400, r#"{"error":{"code":400,"message":"Unknown name \"thoughtSignature\" at 'contents[0].parts[0]'","status":"INVALID_ARGUMENT"}}"#, BadRequest),
    ];
    for (dialect, status, body, expected) in cases {
        let category = classify(*dialect, *status, None, body.as_bytes()).category;
        assert_eq!(category, *expected, "{body}");
    }
}

#[test]
fn the_raw_facts_stay_beside_the_category() {
    let body = br#"{"error":{"message":"Rate limit\n reached.","type":"tokens","code":"rate_limit_exceeded"}}"#;
    let expected = Failure {
        category: RateLimit,
        status: Some(429),
        code: Some("rate_limit_exceeded".to_owned()),
        message: "Rate limit reached.".to_owned(),
        retry_after_ms: Some(1_500),
    };
    assert_eq!(classify(O, 429, Some(1_500), body), expected);
}

#[test]
fn a_wait_in_the_body_stands_in_for_the_header() {
    let body = br#"{"error":{"code":429,"message":"q","details":[{"retryDelay":"46s"}]}}"#;
    assert_eq!(classify(O, 429, None, body).retry_after_ms, Some(46_000));
    assert_eq!(classify(O, 429, Some(1), body).retry_after_ms, Some(1));
}
