using System.Globalization;

namespace XCron.Daemon.Tests.Api;

/// <summary>Requests to create a task that are refused: the code, the body, and what the message must say.</summary>
internal static class BadCreates
{
    private const string Url = "http://a.test";

    private static readonly string[] RefusedHeaders =
    [
        "Host", "content-length", "Connection", "keep-alive", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "webhook-id", "Webhook-Signature", "x-xcron-run-id",
    ];

    public static IEnumerable<object[]> All() =>
        [.. NotJson(), .. Fields(), .. Formats(), .. Urls(), .. Callbacks(), .. Options()];

    private static IEnumerable<object[]> NotJson() =>
    [
        [1000, "", "empty"],
        [1000, " \n", "not JSON"],
        [1000, "hello", "not JSON at line 1, byte 1"],
        [1000, "{\"type\":1,\n \"format\":}", "not JSON at line 2, byte 11"],
        [1000, "{\"type\":2", "not JSON"],
        [1000, "[]", "the body is an array; must be a JSON object"],
        [1000, "\"x\"", "the body is \"x\"; must be a JSON object"],
        [1000, "null", "the body is null"],
        [1000, Create() + " {}", "not JSON"],
        [1000, Create() + ",", "not JSON"],
        [1000, "{\"type\":2,}", "not JSON"],
        [1000, "{/* why */\"type\":2}", "not JSON"],
        [1000, "{'type':2}", "not JSON"],
        [1000, Create(body: new string('[', 100) + new string(']', 100)), "callback.body is an array"],
        [1000, Create(body: $"{{\"a\":{new string('[', 100)}{new string(']', 100)}}}"),
            "callback.body is nested deeper than 62; must be a JSON object, nested at most 62 deep"],
    ];

    private static IEnumerable<object[]> Fields() =>
    [
        [1000, "{}", "field \"type\" is missing"],
        [1000, "{\"type\":1}", "field \"format\" is missing"],
        [1000, Create(more: "\"retires\":{}"), "unknown field \"retires\"; did you mean \"retry\"?"],
        [1000, Create(more: "\"Type\":2"), "unknown field \"Type\"; did you mean \"type\"?"],
        [1000, Create(more: "\"zzzzzzzzzzzz\":2"), "unknown field \"zzzzzzzzzzzz\"; known are type"],
        [1000, Create(more: "\"\":2"), "unknown field \"\""],
        [1000, Create(more: $"\"{new string('x', 5000)}\":2"), "…"],
        [1000, Create(more: "\"type\":2"), "field \"type\" is given twice"],
        [1000, Create(more: "\"typ\\u0065\":2"), "field \"type\" is given twice"],
        [1000, Create(type: "\"1\""), "type is \"1\"; must be 1 (periodic) or 2 (one-shot)"],
        [1000, Create(type: "null"), "type is null"],
        [1000, Create(type: "true"), "type is true"],
        [1020, Create(type: "3"), "type is 3; must be 1"],
        [1020, Create(type: "0"), "type is 0"],
        [1020, Create(type: "-1"), "type is -1"],
        [1020, Create(type: "1.5"), "type is 1.5"],
        [1020, Create(type: "99999999999999999999"), "type is 99999999999999999999"],
        [1000, Create(name: "\"\""), "name is \"\"; must be 1 to 128 characters"],
        [1000, Create(name: "\"a b\""), "name is \"a b\""],
        [1000, Create(name: "\"é\""), "name is"],
        [1000, Create(name: "7"), "name is 7"],
        [1000, Create(name: $"\"{new string('n', 129)}\""), "name is"],
        [1000, Create(name: "\"\\ud800\""), "surrogate"],
        [1000, Create(more: "\"\\ud800\":1"), "surrogate"],
        [1000, Create(more: "\"max_\\udc00runs\":1"), "surrogate"],
        [1000, Create(more: "\"tags\":{\"a\\ud800\":\"b\"}"), "surrogate"],
        [1000, In("\"time\\ud800\":1"), "surrogate"],
    ];

    private static IEnumerable<object[]> Formats() =>
    [
        [1000, Create(format: "1800000100"), "format is 1800000100; must be a string"],
        [1000, Create(format: "null"), "format is null"],
        [1001, Create(format: "\"\""), "10 digits"],
        [1001, Create(format: "\"180000010\""), "10 digits"],
        [1001, Create(format: "\"18000001000\""), "10 digits"],
        [1001, Create(format: "\"0800000100\""), "10 digits"],
        [1001, Create(format: "\"1800000100 \""), "10 digits"],
        [1001, Create(format: "\"180000010x\""), "10 digits"],
        [1001, Create(format: "\"*/5 * * * *\""), "10 digits"],
        [1001, Create(format: "\"+\""), "10 digits"],
        [1001, Create(format: "\"+30\""), "10 digits"],
        [1001, Create(format: "\"+m\""), "10 digits"],
        [1001, Create(format: "\"+30x\""), "10 digits"],
        [1001, Create(format: "\"+30m1h\""), "10 digits"],
        [1001, Create(format: "\"+1m1m\""), "10 digits"],
        [1001, Create(format: "\"+-1m\""), "10 digits"],
        [1001, Create(format: "\"+1.5h\""), "10 digits"],
        [1001, Create(format: "\"+99999999999999999999s\""), "10 digits"],
        [1001, Create(format: "\"+9999999999d\""), "9999999999"],
        [1002, Create(format: "\"1799999994\""),
            "was 6 seconds ago; must not be more than 5 seconds in the past"],
        [1002, Create(format: "\"1581823751\""), "now is 1800000000"],
        [1002, Create(type: "1", format: "\"1581823751\""), "now is 1800000000"],
        [1010, Create(type: "1", format: "\"\""), "format:"],
        [1010, Create(type: "1", format: "\"hello\""), "format:"],
        [1010, Create(type: "1", format: "\"61 * * * *\""), "minute"],
        [1010, Create(type: "1", format: "\"0 0 30 2 *\""), "never"],
        [1010, Create(type: "1", format: "\"+30m\""), "format:"],
        [1010, Create(type: "1", format: "\"@reboot\""), "@reboot"],
        [1011, Create(type: "1", format: "\"0 1 * * *\"", more: "\"timezone\":\"Mars/Base\""), "Mars/Base"],
        [1011, Create(type: "1", format: "\"0 1 * * *\"", more: "\"timezone\":\"\""), "timezone"],
        [1011, Create(type: "1", format: "\"TZ=Mars/Base 0 1 * * *\""), "Mars/Base"],
        [1000, Create(type: "1", format: "\"0 1 * * *\"", more: "\"timezone\":8"), "timezone is 8; must be a string"],
        [1000, Create(more: "\"timezone\":\"UTC\""), "timezone is given, and a one-shot's time has no zone"],
        [1000, Create(more: "\"misfire\":\"skip\""), "misfire is given, and a one-shot always runs"],
    ];

    private static IEnumerable<object[]> Urls() =>
    [
        [1003, "{\"type\":2,\"format\":\"+30m\"}", "\"callback.url\" is missing"],
        [1003, "{\"type\":2,\"format\":\"+30m\",\"callback\":{}}", "\"callback.url\" is missing"],
        [1000, Create(url: "7"), "callback.url is 7; must be an absolute http or https URL"],
        [1003, Create(url: "\"\""), "callback.url is empty"],
        [1003, Create(url: "\"a.test/x\""), "http:// or https://"],
        [1003, Create(url: "\"/x\""), "http:// or https://"],
        [1003, Create(url: "\"//a.test/x\""), "http:// or https://"],
        [1003, Create(url: "\"ftp://a.test\""), "http:// or https://"],
        [1003, Create(url: "\"file:///etc/passwd\""), "http:// or https://"],
        [1003, Create(url: "\"http:a.test\""), "http:// or https://"],
        [1003, Create(url: "\"http://\""), "callback.url"],
        [1003, Create(url: "\"http:///x\""), "cannot be read"],
        [1003, Create(url: "\"http://a.test:99999/\""), "cannot be read"],
        [1003, Create(url: "\"http://a.test:0/\""), "port 0"],
        [1003, Create(url: "\" http://a.test\""), "a space"],
        [1003, Create(url: "\"http://a.test/a b\""), "a space"],
        [1003, Create(url: "\"http://a.test/\\r\\nX: y\""), "control character"],
        [1003, Create(url: "\"http:\\\\\\\\a.test\""), "backslash"],
        [1003, Create(url: "\"http://me:secret@a.test/\""), "Authorization"],
        [1003, Create(url: $"\"http://a.test/{new string('x', 9000)}\""), "8192"],
        [1005, Create(url: "\"http://169.254.169.254/latest\""), "169.254.0.0/16 is denied"],
    ];

    private static IEnumerable<object[]> Callbacks() =>
    [
        [1000, "{\"type\":2,\"format\":\"+30m\",\"callback\":\"x\"}", "callback is \"x\"; must be an object"],
        [1000, "{\"type\":2,\"format\":\"+30m\",\"callback\":null}", "callback is null"],
        [1000, In("\"urls\":1"), "unknown field \"callback.urls\"; did you mean \"url\"?"],
        [1000, In("\"url\":\"x\""), "field \"callback.url\" is given twice"],
        [1000, Create(body: "[]"), "callback.body is an array; must be a JSON object"],
        [1000, Create(body: "\"{}\""), "callback.body is \"{}\"; must be a JSON object"],
        [1000, Create(body: "null"), "callback.body is null"],
        [1000, Create(body: "{\"a\":}"), "not JSON"],
        [1000, In("\"method\":\"post\""), "callback.method is \"post\"; must be \"POST\""],
        [1000, In("\"method\":\"TRACE\""), "callback.method is \"TRACE\""],
        [1000, In("\"method\":1"), "callback.method is 1"],
        [1000, In("\"method\":\"GET\",\"body\":{}"), "a GET callback has none"],
        [1000, In("\"method\":\"GET\",\"headers\":{\"content-type\":\"a/b\"}"), "a GET callback has no content"],
        [1000, In("\"timeout\":0"), "callback.timeout is 0; must be a number of seconds, 0.1 to 1800"],
        [1000, In("\"timeout\":0.0999"), "callback.timeout is 0.0999"],
        [1000, In("\"timeout\":1800.001"), "callback.timeout is 1800.001"],
        [1000, In("\"timeout\":1e400"), "callback.timeout is 1e400"],
        [1000, In("\"timeout\":\"30\""), "callback.timeout is \"30\""],
        [1000, In("\"headers\":[]"), "callback.headers is an array; must be an object"],
        [1000, In("\"headers\":{\"a\":1}"), "callback.headers has \"a\": is 1; must be a string"],
        [1000, In("\"headers\":{\"a b\":\"x\"}"), "callback.headers has \"a b\": is no HTTP header name"],
        [1000, In("\"headers\":{\"\":\"x\"}"), "is no HTTP header name"],
        [1000, In("\"headers\":{\"a:\":\"x\"}"), "is no HTTP header name"],
        [1000, In("\"headers\":{\"a\":\"x\\r\\nB: c\"}"), "printable ASCII"],
        [1000, In("\"headers\":{\"a\":\"é\"}"), "printable ASCII"],
        [1000, In("\"headers\":{\"a\":\"\\u0000\"}"), "printable ASCII"],
        [1000, In($"\"headers\":{{\"a\":\"{new string('x', 8193)}\"}}"), "at most 8192"],
        [1000, In("\"headers\":{\"A\":\"1\",\"a\":\"2\"}"), "is given twice"],
        [1000, In($"\"headers\":{{{Many("h", 65)}}}"), "is one more than the 64 allowed"],
        .. from name in RefusedHeaders
           select new object[] { 1000, In($"\"headers\":{{\"{name}\":\"x\"}}"), $"callback.headers has \"{name}\"" },
    ];

    private static IEnumerable<object[]> Options() =>
    [
        [1000, Create(more: "\"retry\":5"), "retry is 5; must be an object"],
        [1000, Create(more: "\"retry\":{\"max\":5}"), "unknown field \"retry.max\""],
        [1000, Create(more: "\"retry\":{\"max_attempts\":0}"), "retry.max_attempts is 0; must be an integer, 1 to 100"],
        [1000, Create(more: "\"retry\":{\"max_attempts\":101}"), "retry.max_attempts is 101"],
        [1000, Create(more: "\"retry\":{\"max_attempts\":1.5}"), "retry.max_attempts is 1.5"],
        [1000, Create(more: "\"retry\":{\"max_attempts\":1,\"max_attempts\":2}"), "max_attempts\" is given twice"],
        [1000, Create(more: "\"retry\":{\"min_backoff\":0}"), "retry.min_backoff is 0; must be a number of seconds"],
        [1000, Create(more: "\"retry\":{\"max_backoff\":86401}"), "retry.max_backoff is 86401"],
        [1000, Create(more: "\"retry\":{\"min_backoff\":5,\"max_backoff\":1}"),
            "retry.max_backoff is 1; must not be less than retry.min_backoff, 5"],
        [1000, Cron("\"misfire\":\"fire_never\""), "misfire is \"fire_never\"; must be \"fire_once\""],
        [1000, Cron("\"misfire\":0"), "misfire is 0"],
        [1000, Create(more: "\"deadline\":0"), "deadline is 0; must be a number of seconds, 0.1 to 31536000"],
        [1000, Create(more: "\"deadline\":\"5\""), "deadline is \"5\""],
        [1000, Create(more: "\"deadline\":31536000.001"), "deadline is 31536000.001"],
        [1000, Cron("\"overlap\":\"forbid\""), "overlap is \"forbid\"; must be \"queue\", \"skip\" or \"allow\""],
        [1000, Cron("\"overlap\":null"), "overlap is null"],
        [1000, Create(more: "\"overlap\":\"skip\""), "overlap is given, and a one-shot has one run"],
        [1000, Cron("\"jitter\":-1"), "jitter is -1; must be a number of seconds, 0 to 3600"],
        [1000, Cron("\"jitter\":3600.5"), "jitter is 3600.5"],
        [1000, Cron("\"start_at\":1800000100"), "start_at is 1800000100; must be a string of unix seconds"],
        [1000, Cron("\"start_at\":\"soon\""), "start_at is \"soon\""],
        [1000, Cron("\"end_at\":\"0\""), "end_at is \"0\""],
        [1000, Cron("\"end_at\":\"1800000000\""), "end_at is 1800000000, which has passed; must be later than now"],
        [1000, Cron("\"start_at\":\"1900000000\",\"end_at\":\"1900000000\""),
            "start_at is 1900000000; must be before end_at, 1900000000"],
        [1010, Cron("\"end_at\":\"1800000100\""), "lies before end_at, 1800000100"],
        [1000, Create(more: "\"start_at\":\"1900000000\""), "start_at is given, and a one-shot has one run"],
        [1000, Create(more: "\"end_at\":\"1900000000\""), "end_at is given, and a one-shot has one run"],
        [1000, Cron("\"max_runs\":0"), "max_runs is 0; must be an integer, 1 to 1000000000"],
        [1000, Cron("\"max_runs\":1.5"), "max_runs is 1.5"],
        [1000, Create(more: "\"max_runs\":1"), "max_runs is given, and a one-shot has one run"],
        [1000, Cron("\"paused\":\"yes\""), "paused is \"yes\"; must be true or false"],
        [1000, Cron("\"paused\":1"), "paused is 1"],
        [1000, Create(more: "\"task_id\":\"5\""), "unknown field \"task_id\""],
        [1000, Create(more: "\"tags\":[]"), "tags is an array"],
        [1000, Create(more: "\"tags\":{\"a\":null}"), "tags has \"a\": is null; must be a string"],
        [1000, Create(more: "\"tags\":{\"a:b\":\"x\"}"), "without a colon"],
        [1000, Create(more: "\"tags\":{\"\":\"x\"}"), "1 to 128 bytes"],
        [1000, Create(more: "\"tags\":{\"a\":\"x\\ny\"}"), "in one line"],
        [1000, Create(more: "\"tags\":{\"a\":\"x\",\"a\":\"y\"}"), "tags has \"a\": is given twice"],
        [1000, Create(more: $"\"tags\":{{{Many("t", 17)}}}"), "is one more than the 16 allowed"],
    ];

    private static string Many(string prefix, int count) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"\"{prefix}{i}\":\"x\"")));

    private static string In(string callback) => Create(inCallback: callback);

    private static string Cron(string more) => Create(type: "1", format: "\"0 1 * * *\"", more: more);

    private static string Create(
        string type = "2",
        string format = "\"+30m\"",
        string url = $"\"{Url}\"",
        string? body = null,
        string? inCallback = null,
        string? name = null,
        string? more = null)
    {
        var callback = $"\"url\":{url}" + (body is null ? "" : $",\"body\":{body}") +
            (inCallback is null ? "" : $",{inCallback}");
        return $"{{\"type\":{type},\"format\":{format},\"callback\":{{{callback}}}" +
            (name is null ? "" : $",\"name\":{name}") + (more is null ? "" : $",{more}") + "}";
    }
}
