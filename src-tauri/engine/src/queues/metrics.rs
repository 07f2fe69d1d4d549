//! A queue, read out of a server's metrics in Prometheus' text format.
//!
//! Promises: any text is read without failing; figures that are none, below nought or beyond any queue
//! count as nothing; a server that tells neither what runs nor what waits has no queue. Leaves out
//! every other metric, and timestamps.

use routing::Queue;

/// More than this waits in no queue.
const LARGEST: f64 = 1e6;

/// What a gauge stands for. Several lines of one name are the shares of several engines: requests add
/// up, and the fullest cache is the one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gauge {
    Running,
    Waiting,
    CacheUsed,
}

/// The names by server: vLLM (before and after it was renamed), SGLang, llama.cpp, Text Generation
/// Inference.
const GAUGES: [(&str, Gauge); 12] = [
    ("vllm:num_requests_running", Gauge::Running),
    ("vllm:num_requests_waiting", Gauge::Waiting),
    ("vllm:kv_cache_usage_perc", Gauge::CacheUsed),
    ("vllm:gpu_cache_usage_perc", Gauge::CacheUsed),
    ("sglang:num_running_reqs", Gauge::Running),
    ("sglang:num_queue_reqs", Gauge::Waiting),
    ("sglang:token_usage", Gauge::CacheUsed),
    ("llamacpp:requests_processing", Gauge::Running),
    ("llamacpp:requests_deferred", Gauge::Waiting),
    ("llamacpp:kv_cache_usage_ratio", Gauge::CacheUsed),
    ("tgi_batch_current_size", Gauge::Running),
    ("tgi_queue_size", Gauge::Waiting),
];

/// The queue that this text tells of.
pub(super) fn read(text: &str) -> Option<Queue> {
    let mut queue = Queue::default();
    let mut told = false;
    for (gauge, value) in text.lines().filter_map(sample) {
        match gauge {
            Gauge::Running => queue.running = add(queue.running, value),
            Gauge::Waiting => queue.waiting = add(queue.waiting, value),
            Gauge::CacheUsed => queue.cache_used = queue.cache_used.max(value.min(1.0)),
        }
        told |= gauge != Gauge::CacheUsed;
    }
    told.then_some(queue)
}

/// One line: `name{label="value"} 3.0`, with a timestamp behind it where there is one.
fn sample(line: &str) -> Option<(Gauge, f64)> {
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let (_, gauge) = GAUGES.iter().find(|(known, _)| *known == name)?;
    let value = match rest.strip_prefix('{') {
        // A value of a label may hold a brace; a sample does not.
        Some(labels) => {
            let (labels, value) = labels.rsplit_once('}')?;
            if is_a_part(labels) {
                return None;
            }
            value
        }
        None => rest,
    };
    let value: f64 = value.split_whitespace().next()?.parse().ok()?;
    let value = if value.is_nan() { 0.0 } else { value };
    Some((*gauge, value.clamp(0.0, LARGEST)))
}

/// SGLang repeats its queue by priority beside the whole of it.
fn is_a_part(labels: &str) -> bool {
    labels
        .split(',')
        .filter_map(|label| label.trim().strip_prefix("priority="))
        .any(|priority| priority != "\"\"")
}

fn add(sum: u32, value: f64) -> u32 {
    sum.saturating_add(value as u32).min(LARGEST as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(running: u32, waiting: u32, cache_used: f64) -> Option<Queue> {
        Some(Queue {
            running,
            waiting,
            cache_used,
        })
    }

    #[test]
    fn each_server_tells_its_queue_in_its_own_names() {
        let vllm = "# HELP vllm:num_requests_running Number of requests in model execution batches.\n\
            # TYPE vllm:num_requests_running gauge\n\
            vllm:num_requests_running{engine=\"0\",model_name=\"Qwen/Qwen3-8B\"} 24.0\n\
            vllm:num_requests_waiting{engine=\"0\",model_name=\"Qwen/Qwen3-8B\"} 72.0\n\
            vllm:num_requests_waiting_by_reason{engine=\"0\",reason=\"capacity\"} 72.0\n\
            vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"Qwen/Qwen3-8B\"} 0.4565\n\
            vllm:request_success_total{model_name=\"Qwen/Qwen3-8B\"} 1234\n";
        assert_eq!(read(vllm), queue(24, 72, 0.4565));
        let older =
            "vllm:num_requests_running 1.0\nvllm:gpu_cache_usage_perc{model_name=\"{x}\"} 0.25\n";
        assert_eq!(read(older), queue(1, 0, 0.25));
        let two_engines = "vllm:num_requests_running{engine=\"0\"} 2\nvllm:num_requests_running{engine=\"1\"} 3\n\
            vllm:kv_cache_usage_perc{engine=\"0\"} 0.9\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.1\n";
        assert_eq!(read(two_engines), queue(5, 0, 0.9));
        let sglang = "sglang:token_usage{model_name=\"meta-llama/Llama-3.1-8B-Instruct\"} 0.28\n\
            sglang:num_running_reqs{model_name=\"m\",priority=\"\"} 161.0\n\
            sglang:num_queue_reqs{model_name=\"m\",priority=\"\"} 2826.0\n\
            sglang:num_queue_reqs{model_name=\"m\",priority=\"1\"} 2000.0\n";
        assert_eq!(read(sglang), queue(161, 2826, 0.28));
        let llamacpp = "llamacpp:kv_cache_usage_ratio 0.5\nllamacpp:requests_processing 1\n\
            llamacpp:requests_deferred 3 1732600000000\n";
        assert_eq!(read(llamacpp), queue(1, 3, 0.5));
        assert_eq!(
            read("tgi_batch_current_size 4\ntgi_queue_size 2\n"),
            queue(4, 2, 0.0)
        );
    }

    #[test]
    fn what_tells_of_no_queue_has_none() {
        for text in [
            "",
            "<!doctype html><title>Not found</title>",
            "go_goroutines 12\nprocess_cpu_seconds_total 3.4\n",
            "vllm:kv_cache_usage_perc 0.5\n",
            "# TYPE vllm:num_requests_running gauge\n",
            "vllm:num_requests_running\n",
            "vllm:num_requests_running{ 3\n",
            "vllm:num_requests_running many\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn figures_that_lie_are_bounded() {
        for (value, kept) in [
            ("NaN", 0),
            ("-5", 0),
            ("+Inf", 1_000_000),
            ("-Inf", 0),
            ("1e300", 1_000_000),
            ("2.9", 2),
        ] {
            let text = format!(
                "llamacpp:requests_deferred {value}\nllamacpp:kv_cache_usage_ratio {value}\n"
            );
            let queue = read(&text).expect("a queue");
            assert_eq!(queue.waiting, kept, "{value}");
            assert!((0.0..=1.0).contains(&queue.cache_used), "{value}");
        }
        let many = "llamacpp:requests_deferred 900000\n".repeat(10_000);
        assert_eq!(read(&many).expect("a queue").waiting, 1_000_000);
    }
}
