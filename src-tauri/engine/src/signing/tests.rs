//! Amazon's published vectors, and Bedrock's paths signed as Amazon's own Python SDK does.

use super::*;

fn key(token: Option<&str>) -> AwsKey {
    AwsKey {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        session_token: token.map(Into::into),
    }
}

fn authorization(headers: &HeaderMap) -> &str {
    headers[header::AUTHORIZATION].to_str().expect("plain text")
}

#[test]
fn the_published_vectors_are_signed_as_published() {
    const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let unreserved = format!("/?{unreserved}={unreserved}");
    for (path, token, names, signature) in [
        (
            "/",
            None,
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "/?Param2=value2&Param1=value1",
            None,
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            &unreserved,
            None,
            "host;x-amz-date",
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        (
            "/",
            Some(TOKEN),
            "host;x-amz-date;x-amz-security-token",
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ),
    ] {
        let mut headers = HeaderMap::new();
        let url = format!("https://example.amazonaws.com{path}");
        sign_for(
            "service",
            &mut headers,
            &Method::GET,
            &Url::parse(&url).expect("an address"),
            b"",
            &key(token),
            "us-east-1",
            1_440_938_160,
        )
        .expect("signed");
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
        assert_eq!(
            authorization(&headers),
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            ),
            "{path}"
        );
    }
}

#[test]
fn a_models_name_in_the_path_is_escaped_twice() {
    for (url, body, token, region, signature) in [
        (
            "https://bedrock-runtime.eu-central-1.amazonaws.com/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
            &b"{\"messages\":[]}"[..],
            None,
            "eu-central-1",
            "c8ea05c56a471658c4aa97e670951e52a694a35a3f8f1310072531c52ce6d110",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fx/converse-stream",
            b"{}",
            Some("TOKEN/abc+=="),
            "us-east-1",
            "815421c8de67fcd3a78bb9bd5eb763cbef8a0b05ab82ac70de0e2454eee121dd",
        ),
    ] {
        let url = Url::parse(url).expect("an address");
        assert_eq!(region_of(&url), Some(region));
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        // Neither what changes on the way nor what an earlier attempt left is signed.
        headers.insert("user-agent", HeaderValue::from_static("a client"));
        headers.insert("authorization", HeaderValue::from_static("Bearer old"));
        let key = key(token);
        for _ in 0..2 {
            let method = &Method::POST;
            sign(
                &mut headers,
                method,
                &url,
                body,
                &key,
                region,
                1_795_334_950,
            )
            .expect("signed");
            assert!(authorization(&headers).ends_with(signature));
        }
        assert!(!format!("{headers:?}").contains(signature));
        assert!(!format!("{headers:?}").contains("TOKEN"));
        assert!(!format!("{key:?}").contains("wJalr"));
    }
}

#[test]
fn a_stored_secret_is_an_access_key_or_it_is_not() {
    let id = "AKIAIOSFODNN7EXAMPLE";
    type Pieces = (String, String, Option<String>);
    let read = |text: &str| -> Result<Option<Pieces>, Unsigned> {
        let key = AwsKey::read(&text.into())?;
        Ok(key.map(|key| {
            let token = key.session_token.as_ref();
            (
                key.access_key_id.clone(),
                key.secret_access_key.expose_secret().to_owned(),
                token.map(|token| token.expose_secret().to_owned()),
            )
        }))
    };
    let full = |token: Option<&str>| {
        Ok(Some((
            id.to_owned(),
            "s/e+c".to_owned(),
            token.map(str::to_owned),
        )))
    };
    assert_eq!(read(&format!("{id}:s/e+c")), full(None));
    assert_eq!(read(&format!(" {id}:s/e+c:\n")), full(None));
    assert_eq!(read(&format!("{id}:s/e+c:t:o=")), full(Some("t:o=")));
    for json in [
        format!(r#"{{"access_key_id":"{id}","secret_access_key":"s/e+c","session_token":"t"}}"#),
        format!(
            r#"{{"aws_access_key_id":"{id}","aws_secret_access_key":"s/e+c","aws_session_token":"t"}}"#
        ),
        format!(
            r#"{{"Credentials":{{"AccessKeyId":"{id}","SecretAccessKey":"s/e+c","SessionToken":"t","Expiration":"x"}}}}"#
        ),
    ] {
        assert_eq!(read(&json), full(Some("t")), "{json}");
    }
    for bearer in [
        "ABSKQmVkcm9ja0FQSUtleS1hYmNk",
        "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3M",
        "sk:with:colons",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAIOSFODNN7EXAMPLE:",
        "",
    ] {
        assert_eq!(read(bearer), Ok(None), "{bearer}");
    }
    for wrong in [
        "{",
        "{}",
        r#"{"access_key_id":"x","secret_access_key":"y"}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_region_stands_in_the_address_or_nowhere() {
    for (url, region) in [
        (
            "https://bedrock-runtime.us-west-2.amazonaws.com",
            Some("us-west-2"),
        ),
        (
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/x",
            Some("us-gov-west-1"),
        ),
        (
            "https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com",
            Some("eu-west-1"),
        ),
        (
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
            Some("cn-north-1"),
        ),
        ("https://bedrock-runtime.amazonaws.com", None),
        ("https://gateway.test/bedrock-runtime.us-west-2", None),
        ("http://127.0.0.1:9000", None),
    ] {
        assert_eq!(
            region_of(&Url::parse(url).expect("an address")),
            region,
            "{url}"
        );
    }
}

#[test]
fn a_moment_is_written_as_the_calendar_has_it() {
    for (unix_s, expected) in [
        (0, "19700101T000000Z"),
        (951_782_399, "20000228T235959Z"),
        (951_782_400, "20000229T000000Z"),
        (951_868_800, "20000301T000000Z"),
        (1_709_164_800, "20240229T000000Z"),
        (4_107_542_400, "21000301T000000Z"),
    ] {
        let (day, time) = moment(unix_s);
        assert_eq!(time, expected);
        assert_eq!(day, expected[..8]);
    }
    // Not a moment anybody means, and no reason to fall.
    assert!(!moment(u64::MAX).1.is_empty());
}

#[test]
fn an_address_with_a_port_and_headers_of_many_words_are_signed_as_sent() {
    let mut headers = HeaderMap::new();
    headers.append("x-amzn-trace", HeaderValue::from_static("  a   b "));
    headers.append("x-amzn-trace", HeaderValue::from_static("c"));
    let url = Url::parse("http://127.0.0.1:9000/").expect("an address");
    let (names, lines) = signed_headers(&headers, &url).expect("signed");
    assert_eq!(names, "host;x-amzn-trace");
    assert_eq!(lines, "host:127.0.0.1:9000\nx-amzn-trace:a b,c\n");
}
