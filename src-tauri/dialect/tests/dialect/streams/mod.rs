//! Streams as providers send them, in files beside this one; and the law that
//! nothing read from a stream depends on how its bytes were cut.

use dialect::{
    Endpoint, FailureCategory, Fed, MAX_EVENT_BYTES, Reading, StopReason, StreamReader, Usage,
};
use proptest::prelude::*;

use Endpoint::{ChatCompletions, Messages};

const STREAMS: &[(Endpoint, &str)] = &[
    (ChatCompletions, include_str!("openai_usage.sse")),
    (ChatCompletions, include_str!("openai_tools.sse")),
    (ChatCompletions, include_str!("openai_undone.sse")),
    (ChatCompletions, include_str!("azure.sse")),
    (ChatCompletions, include_str!("openrouter_error.sse")),
    (ChatCompletions, include_str!("lmstudio_overflow.sse")),
    (Messages, include_str!("anthropic_thinking.sse")),
    (Messages, include_str!("anthropic_overloaded.sse")),
    (Messages, include_str!("anthropic_unnamed.sse")),
    (Messages, include_str!("anthropic_spliced.sse")),
];

/// The whole stream in one feed.
fn read(endpoint: Endpoint, stream: &str) -> (Fed, Reading) {
    let mut reader = StreamReader::new(endpoint);
    let fed = reader.feed(stream.as_bytes());
    reader.finish();
    (fed, reader.reading().clone())
}

#[test]
fn a_chat_stream_with_usage() {
    let stream = include_str!("openai_usage.sse");
    let (fed, reading) = read(ChatCompletions, stream);
    assert_eq!(
        fed,
        Fed {
            whole: stream.len(),
            terminal: true,
            error: false
        }
    );
    let usage = Usage {
        input: 76,
        cache_read: 1024,
        cache_write: 100,
        output: 26,
        reasoning: 64,
        ..Usage::default()
    };
    let expected = Reading {
        usage: Some(usage),
        model: Some("gpt-5-2025-08-07".to_owned()),
        fingerprint: None,
        upstream_id: Some("chatcmpl-9".to_owned()),
        stop: Some(StopReason::End),
        finished: true,
        failure: None,
        output_bytes: 5 + r#" \"usage\": fine\n"#.len() as u64,
    };
    assert_eq!(reading, expected);
}

#[test]
fn what_a_chat_runs_on_is_read_of_streams_and_whole_replies() {
    let chunk = |told: &str| {
        format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",{told}\"choices\":[]}}\n\n"
        )
    };
    for (told, expected) in [
        (
            "\"system_fingerprint\":\"fp_44709d6fcb\",",
            Some("fp_44709d6fcb"),
        ),
        ("\"system_fingerprint\":\"\",", None),
        ("\"system_fingerprint\":null,", None),
        ("\"system_fingerprint\":7,", None),
        ("", None),
    ] {
        let stream = [chunk(told), chunk("")].concat();
        let (_, reading) = read(ChatCompletions, &stream);
        assert_eq!(reading.fingerprint.as_deref(), expected, "{told}");
        let whole = format!("{{\"id\":\"c\",\"model\":\"m\",{told}\"choices\":[]}}");
        let reading = dialect::read_whole(ChatCompletions, whole.as_bytes()).expect("a reply");
        assert_eq!(reading.fingerprint.as_deref(), expected, "{told}");
    }
}

#[test]
fn a_chat_stream_with_a_call() {
    let (_, reading) = read(ChatCompletions, include_str!("openai_tools.sse"));
    assert_eq!(
        (reading.stop, reading.usage),
        (Some(StopReason::ToolCall), None)
    );
    assert_eq!(reading.output_bytes, r#"{\"path\":1}"#.len() as u64);
}

#[test]
fn azure_opens_with_a_chunk_of_empty_names() {
    let (fed, reading) = read(ChatCompletions, include_str!("azure.sse"));
    assert_eq!(reading.model.as_deref(), Some("gpt-4o-2024-11-20"));
    assert_eq!(reading.upstream_id.as_deref(), Some("chatcmpl-az"));
    assert_eq!(reading.stop, Some(StopReason::Filtered));
    assert!(
        reading.failure.is_none() && !fed.error,
        "a filter that did not run is no failure"
    );
}

#[test]
fn a_stream_may_stop_without_done() {
    let stream = include_str!("openai_undone.sse");
    let (fed, reading) = read(ChatCompletions, stream);
    assert_eq!(
        fed,
        Fed {
            whole: stream.len(),
            terminal: false,
            error: false
        }
    );
    assert_eq!(
        (reading.finished, reading.stop),
        (false, Some(StopReason::MaxTokens))
    );
}

#[test]
fn an_error_in_a_chat_stream_is_a_failure() {
    let (fed, reading) = read(ChatCompletions, include_str!("openrouter_error.sse"));
    assert!(fed.error);
    let failure = reading.failure.expect("it failed");
    assert_eq!(
        (failure.category, &*failure.message),
        (FailureCategory::Server, "Provider disconnected")
    );

    let (fed, reading) = read(ChatCompletions, include_str!("lmstudio_overflow.sse"));
    assert!(fed.error && !fed.terminal);
    assert_eq!(
        reading.failure.map(|f| f.category),
        Some(FailureCategory::ContextOverflow)
    );
}

#[test]
fn usage_where_groq_and_vllm_put_it() {
    let groq = "data: {\"id\":\"g\",\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}}\n\n";
    let vllm = "data: {\"id\":\"g\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n\
        data: {\"id\":\"g\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    for stream in [groq, vllm] {
        let (_, reading) = read(ChatCompletions, stream);
        assert_eq!(
            reading.usage,
            Some(Usage {
                input: 3,
                output: 4,
                ..Usage::default()
            })
        );
    }
}

#[test]
fn a_message_stream_with_thinking() {
    let stream = include_str!("anthropic_thinking.sse");
    let (fed, reading) = read(Messages, stream);
    assert_eq!(
        fed,
        Fed {
            whole: stream.len(),
            terminal: true,
            error: false
        }
    );
    let usage = Usage {
        input: 25,
        cache_read: 4000,
        cache_write: 100,
        cache_write_long: 200,
        output: 49,
        reasoning: 40,
    };
    let expected = Reading {
        usage: Some(usage),
        model: Some("claude-opus-5".to_owned()),
        fingerprint: None,
        upstream_id: Some("msg_01".to_owned()),
        stop: Some(StopReason::ToolCall),
        finished: true,
        failure: None,
        output_bytes: r#"Hmm, \"error\"."#.len() as u64 + 5 + r#"{\"path\":1}"#.len() as u64,
    };
    assert_eq!(reading, expected);
    assert_eq!(
        read(Messages, include_str!("anthropic_unnamed.sse"))
            .1
            .usage,
        Some(usage)
    );
}

#[test]
fn a_message_stream_may_end_overloaded() {
    let (fed, reading) = read(Messages, include_str!("anthropic_overloaded.sse"));
    assert!(fed.error && !fed.terminal && !reading.finished);
    let failure = reading.failure.expect("it failed");
    assert_eq!(failure.category, FailureCategory::Overloaded);
    assert_eq!(failure.code.as_deref(), Some("overloaded_error"));
    assert_eq!(
        reading.usage.map(|usage| usage.input),
        Some(25),
        "the input was counted at the start"
    );
}

#[test]
fn a_second_message_in_one_stream_is_an_error() {
    let (fed, reading) = read(Messages, include_str!("anthropic_spliced.sse"));
    assert!(fed.error);
    assert_eq!(reading.upstream_id.as_deref(), Some("msg_01"));
    assert_eq!(
        reading.failure.map(|f| f.category),
        Some(FailureCategory::BadReply)
    );
}

#[test]
fn whole_counts_from_the_end_of_the_last_whole_part() {
    let mut reader = StreamReader::new(ChatCompletions);
    assert_eq!(reader.feed(b"data: {}\n\ndata: {").whole, 10);
    assert_eq!(reader.feed(b"}\n").whole, 0);
    assert_eq!(reader.feed(b"\n: ping\n\n").whole, 10 + 8);
    assert_eq!(
        reader.feed(b"data: [DONE]\n\n"),
        Fed {
            whole: 14,
            terminal: true,
            error: false
        }
    );
}

/// A chunk of Chat Completions with its fields in the order of Azure, and a call's own index.
fn chunk(index: u32, stop: Option<&str>) -> String {
    let stop = stop.map_or("null".to_owned(), |word| format!("\"{word}\""));
    format!(
        "data: {{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"delta\":{{\"content\":\"a\",\"tool_calls\":[{{\"index\":0}}]}},\"finish_reason\":{stop},\"index\":{index}}}]}}\n\n"
    )
}

#[test]
fn a_stream_without_its_marker_is_whole_when_every_choice_that_began_has_stopped() {
    let stopped = Some("stop");
    for (chunks, whole) in [
        (vec![], false),
        (vec![(0, None)], false),
        (vec![(0, None), (0, stopped)], true),
        (vec![(0, None), (1, None), (1, stopped)], false),
        (vec![(1, None), (0, None), (0, stopped)], false),
        (vec![(0, None), (1, None), (0, stopped), (1, stopped)], true),
        (vec![(0, None), (0, stopped), (200, None)], true),
    ] {
        let mut reader = StreamReader::new(ChatCompletions);
        // The name of the model is known by then, and text passes by unread.
        reader.feed(b"data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[]}\n\n");
        for (index, stop) in &chunks {
            reader.feed(chunk(*index, *stop).as_bytes());
        }
        reader.finish();
        assert_eq!(reader.is_whole(), whole, "{chunks:?}");
        reader.feed(b"data: [DONE]\n\n");
        assert!(reader.is_whole(), "{chunks:?}");
    }
}

#[test]
fn the_last_event_may_lack_its_blank_line() {
    let mut reader = StreamReader::new(ChatCompletions);
    let fed = reader.feed(b"data: [DONE]\n");
    assert_eq!(fed, Fed::default());
    assert!(!reader.reading().finished);
    reader.finish();
    assert!(reader.reading().finished);
}

#[test]
fn an_event_without_end_is_let_through_unread() {
    let mut reader = StreamReader::new(ChatCompletions);
    let piece = vec![b'x'; MAX_EVENT_BYTES / 2];
    assert_eq!(reader.torn(), b"");
    assert_eq!(reader.feed(&piece).whole, 0);
    assert_eq!(reader.feed(&piece).whole, 0);
    assert_eq!(reader.feed(b"x").whole, MAX_EVENT_BYTES + 1);
    assert_eq!(
        reader.torn(),
        b"\n\n",
        "to be ended before an error is told"
    );
    assert_eq!(reader.feed(b"yy\ndata: [DONE]\n").whole, 16);
    let fed = reader.feed(b"\ndata: [DONE]\n\n");
    assert_eq!(
        fed,
        Fed {
            whole: 15,
            terminal: true,
            error: false
        }
    );
}

#[test]
fn a_terminal_event_of_many_megabytes_is_read() {
    for (endpoint, body) in [
        (
            Endpoint::Responses,
            r#"event: response.completed
data: {"type":"response.completed","response":{"id":"resp_1","model":"m","status":"completed","output":[{"type":"image_generation_call","result":"XXX"}],"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}

"#,
        ),
        (
            ChatCompletions,
            r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"XXX"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}

data: [DONE]

"#,
        ),
    ] {
        let stream = body.replace("XXX", &"A".repeat(3 << 20));
        let mut reader = StreamReader::new(endpoint);
        let (mut whole, mut terminal) = (0, false);
        for piece in stream.as_bytes().chunks(64 * 1024) {
            let fed = reader.feed(piece);
            whole += fed.whole;
            terminal |= fed.terminal;
        }
        let reading = reader.reading();
        assert_eq!((whole, terminal), (stream.len(), true), "{endpoint:?}");
        assert_eq!(reading.stop, Some(StopReason::End), "{endpoint:?}");
        let counted = reading.usage.map(|usage| (usage.input, usage.output));
        assert_eq!(counted, Some((3, 4)), "{endpoint:?}");
    }
}

#[test]
fn a_terminal_event_beyond_every_bound_still_ends_its_stream() {
    let long = format!(
        "event: response.completed\ndata: {{\"x\":\"{}\"}}\n\n",
        "x".repeat(MAX_EVENT_BYTES)
    );
    for cut in [10, 1 << 20, long.len()] {
        let mut reader = StreamReader::new(Endpoint::Responses);
        let mut terminal = false;
        for piece in long.as_bytes().chunks(cut.max(1 << 16)) {
            terminal |= reader.feed(piece).terminal;
        }
        assert!(terminal && reader.reading().finished, "in pieces of {cut}");
    }
}

#[test]
fn an_old_completions_words_are_content() {
    let stream = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"text\":\"hello\",\"finish_reason\":null}]}\n\n";
    assert_eq!(read(Endpoint::Completions, stream).1.output_bytes, 5);
}

#[test]
fn streamed_pictures_and_sound_end_on_their_own_events() {
    let counted = |input, output| {
        Some(Usage {
            input,
            output,
            ..Usage::default()
        })
    };
    let picture = |n: u64| {
        format!(
            "event: image_generation.partial_image\ndata: {{\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA\",\"partial_image_index\":0}}\n\n\
             event: image_generation.completed\ndata: {{\"type\":\"image_generation.completed\",\"b64_json\":\"AA\",\"usage\":{{\"input_tokens\":{n},\"output_tokens\":5,\"total_tokens\":9}}}}\n\n"
        )
    };
    let speech = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}\n\n\
        data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":7,\"output_tokens\":8,\"total_tokens\":15}}\n\n";
    let transcript = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hello\"}\n\n\
        data: {\"type\":\"transcript.text.done\",\"text\":\"hello\",\"usage\":{\"type\":\"duration\",\"seconds\":3}}\n\n";
    for (endpoint, stream, terminal, usage, bytes) in [
        (
            Endpoint::ImagesGenerations,
            picture(4),
            false,
            counted(4, 5),
            1,
        ),
        // Two were asked for.
        (
            Endpoint::ImagesGenerations,
            picture(4) + &picture(6),
            false,
            counted(10, 10),
            2,
        ),
        (
            Endpoint::AudioSpeech,
            speech.to_owned(),
            true,
            counted(7, 8),
            1,
        ),
        (
            Endpoint::AudioTranscriptions,
            transcript.to_owned(),
            true,
            None,
            5,
        ),
    ] {
        let (fed, reading) = read(endpoint, &stream);
        assert_eq!(
            (fed.whole, fed.terminal, fed.error),
            (stream.len(), terminal, false)
        );
        assert_eq!(reading.stop, Some(StopReason::End), "{stream}");
        assert_eq!(
            (reading.usage, reading.output_bytes),
            (usage, bytes),
            "{stream}"
        );
    }
    let cut = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hello\"}\n\n";
    let reading = read(Endpoint::AudioTranscriptions, cut).1;
    assert_eq!((reading.stop, reading.finished), (None, false));
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}\n\n";
    assert!(read(Endpoint::ImagesEdits, error).1.failure.is_some());
}

#[test]
fn a_broken_stream_of_pictures_is_told_as_the_sdks_look_for_it() {
    let fault = dialect::Fault::new(
        dialect::FaultKind::Upstream,
        "upstream_stream_broken",
        "Cut.",
    );
    let told = StreamReader::new(Endpoint::ImagesGenerations)
        .fail(&fault)
        .expect("an event");
    let text = String::from_utf8(told.to_vec()).expect("text");
    assert!(!text.contains("[DONE]"), "{text}");
    let data = text
        .strip_prefix("event: error\ndata: ")
        .expect("a named event");
    let event: serde_json::Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(event["error"]["message"], "Cut.");
    assert_eq!(event["error"]["code"], "upstream_stream_broken");
}

#[test]
fn an_event_too_long_is_unread_in_one_piece_too() {
    let long = format!(
        "data: {{\"error\":\"{}\"}}\n\n",
        "x".repeat(MAX_EVENT_BYTES)
    );
    let (fed, reading) = read(ChatCompletions, &long);
    assert_eq!(
        fed,
        Fed {
            whole: long.len(),
            terminal: false,
            error: false
        }
    );
    assert_eq!(reading, Reading::default());
}

/// How many bytes are whole after each prefix, fed byte by byte.
fn whole_after(endpoint: Endpoint, stream: &[u8]) -> (Vec<usize>, Reading) {
    let mut reader = StreamReader::new(endpoint);
    let mut whole = vec![0];
    for byte in stream {
        let fed = reader.feed(std::slice::from_ref(byte));
        whole.push(whole.last().copied().unwrap_or(0) + fed.whole);
    }
    reader.finish();
    (whole, reader.reading().clone())
}

/// Feeds the stream cut at `cuts` and holds every step against `whole_after`.
fn cut_makes_no_difference(
    endpoint: Endpoint,
    stream: &[u8],
    cuts: &[usize],
    (whole, expected): &(Vec<usize>, Reading),
) {
    let mut reader = StreamReader::new(endpoint);
    let (mut from, mut seen) = (0, 0);
    let (mut terminal, mut error) = (false, false);
    for &to in cuts.iter().chain([&stream.len()]) {
        let fed = reader.feed(&stream[from..to]);
        seen += fed.whole;
        assert_eq!(seen, whole[to], "cut at {from} and {to}");
        terminal |= fed.terminal;
        error |= fed.error;
        from = to;
    }
    if seen == stream.len() {
        assert_eq!(terminal, expected.finished);
        assert_eq!(error, expected.failure.is_some());
    }
    reader.finish();
    assert_eq!(reader.reading(), expected);
}

#[test]
fn every_split_of_every_stream_reads_the_same() {
    for (endpoint, stream) in STREAMS {
        for ends in ["\n", "\r\n", "\r"] {
            let stream = format!(
                "\u{feff}{}",
                stream.replace("\r\n", "\n").replace('\n', ends)
            );
            let stream = stream.as_bytes();
            let law = whole_after(*endpoint, stream);
            for cut in 0..=stream.len() {
                cut_makes_no_difference(*endpoint, stream, &[cut], &law);
            }
        }
    }
}

#[test]
fn line_ends_make_no_difference_to_what_is_read() {
    for (endpoint, stream) in STREAMS {
        let plain = stream.replace("\r\n", "\n");
        let expected = read(*endpoint, &plain).1;
        assert_eq!(read(*endpoint, &plain.replace('\n', "\r\n")).1, expected);
        assert_eq!(read(*endpoint, &plain.replace('\n', "\r")).1, expected);
    }
}

proptest! {
    #[test]
    fn any_cuts_of_any_lines_read_the_same(
        parts in prop::collection::vec(prop::sample::select(vec![
            "\n", "\r", "\r\n", "\n\n", ":", "data:", "data: [DONE]", "event: message_stop", " ", "x", "é",
            "data: {\"error\":{\"message\":\"m\"}}", "event: error", "data: {\"delta\":{\"content\":\"abc\"}}",
            "data: {\"type\":\"message_stop\"}", "\u{feff}",
        ]), 0..40),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream = parts.concat().into_bytes();
        let mut cuts: Vec<usize> = at.iter().map(|at| at.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        for endpoint in [ChatCompletions, Messages] {
            let law = whole_after(endpoint, &stream);
            cut_makes_no_difference(endpoint, &stream, &cuts, &law);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for endpoint in [ChatCompletions, Messages] {
            let mut reader = StreamReader::new(endpoint);
            prop_assert!(reader.feed(&bytes).whole <= bytes.len());
            reader.finish();
        }
    }
}
