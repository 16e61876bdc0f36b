using System.Globalization;
using System.Text;

namespace XCron.Daemon.Tests.Api;

/// <summary>Each limit of the contract at its border: the last value that is taken, the first that is not.</summary>
internal sealed class BorderTests
{
    private const string Create = "/xcron/createTask";

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    private static IEnumerable<object[]> Borders() =>
    [
        ["name of 1", Named("\"n\""), Named("\"\"")],
        ["name of 128", Named(Text('n', 128)), Named(Text('n', 129))],
        ["a name's characters", Named("\"azAZ09._:/-\""), Named("\"a,b\"")],
        ["timeout, least", In("\"timeout\":0.1"), In("\"timeout\":0.09")],
        ["timeout, most", In("\"timeout\":1800"), In("\"timeout\":1800.01")],
        ["timeout, another way to write it", In("\"timeout\":18e2"), In("\"timeout\":19e2")],
        ["max_attempts, least", Retry("\"max_attempts\":1"), Retry("\"max_attempts\":0")],
        ["max_attempts, most", Retry("\"max_attempts\":100"), Retry("\"max_attempts\":101")],
        ["min_backoff, least", Retry("\"min_backoff\":0.1"), Retry("\"min_backoff\":0.099")],
        ["min_backoff, most", Retry("\"min_backoff\":86400"), Retry("\"min_backoff\":86400.1")],
        ["max_backoff, least", Retry("\"max_backoff\":0.1"), Retry("\"max_backoff\":0")],
        ["max_backoff, most", Retry("\"max_backoff\":86400"), Retry("\"max_backoff\":86401")],
        ["jitter, least", With("\"jitter\":0"), With("\"jitter\":-0.001")],
        ["jitter, most", With("\"jitter\":3600"), With("\"jitter\":3600.001")],
        ["deadline, least", With("\"deadline\":0.1"), With("\"deadline\":0.05")],
        ["deadline, most", With("\"deadline\":31536000"), With("\"deadline\":31536001")],
        ["max_runs, least", Cron("\"max_runs\":1"), Cron("\"max_runs\":0")],
        ["max_runs, most", Cron("\"max_runs\":1000000000"), Cron("\"max_runs\":1000000001")],
        ["end_at, first", Cron("\"end_at\":\"1800000060\""), Cron("\"end_at\":\"1800000000.250\"")],
        ["end_at, last", Cron("\"end_at\":\"9999999999\""), Cron("\"end_at\":\"10000000000\"")],
        ["end_at behind start_at", Cron("\"start_at\":\"1800000060\",\"end_at\":\"1800000060.001\""),
            Cron("\"start_at\":\"1800000060\",\"end_at\":\"1800000060\"")],
        ["start_at with milliseconds", Cron("\"start_at\":\"1800000100.042\""),
            Cron("\"start_at\":\"1800000100.0421\"")],
        ["start_at in the past", Cron("\"start_at\":\"1\""), Cron("\"start_at\":\"0\"")],
        ["start_at, digits on both sides", Cron("\"start_at\":\"1800000100.0\""), Cron("\"start_at\":\"1800000100.\"")],
        ["start_at, no sign", Cron("\"start_at\":\"00\u0031\""), Cron("\"start_at\":\"+1\"")],
        ["tags, 16", With(Tags(16)), With(Tags(17))],
        ["a tag's name of 128 bytes", With($"\"tags\":{{{Text('t', 128)}:\"\"}}"),
            With($"\"tags\":{{{Text('t', 129)}:\"\"}}")],
        ["a tag's value of 256 bytes", With($"\"tags\":{{\"t\":{Text('v', 256)}}}"),
            With($"\"tags\":{{\"t\":{Text('v', 257)}}}")],
        ["headers, 64", In($"\"headers\":{{{Many('h', 64)}}}"), In($"\"headers\":{{{Many('h', 65)}}}")],
        ["a header's value of 8192 bytes", In($"\"headers\":{{\"h\":{Text('v', 8192)}}}"),
            In($"\"headers\":{{\"h\":{Text('v', 8193)}}}")],
        ["a body's depth", In($"\"body\":{Deep(62)}"), In($"\"body\":{Deep(63)}")],
    ];

    [TestCaseSource(nameof(Borders))]
    public async Task The_last_that_is_right_is_taken_and_the_next_is_1000(string what, string right, string wrong)
    {
        var taken = await _host.PostAsync(Create, right);
        var refused = await _host.PostAsync(Create, wrong);

        Assert.That(taken.Code, Is.Zero, $"{what}: {taken.Text}");
        Assert.That(refused.Code, Is.EqualTo(1000), $"{what}: {refused.Text}");
    }

    [TestCase("2", "1799999995", 0, Description = "5.25 seconds ago, which is 5 in whole seconds")]
    [TestCase("2", "1799999994", 1002)]
    [TestCase("2", "9999999999", 0)]
    [TestCase("2", "10000000000", 1001)]
    [TestCase("2", "1800000100.5", 1001)]
    [TestCase("2", "-1800000100", 1001)]
    [TestCase("2", "1.8e9", 1001)]
    [TestCase("2", "１８００００００００", 1001, Description = "full-width digits")]
    [TestCase("2", "+0s", 0)]
    [TestCase("2", "+1d2h3m4s", 0)]
    [TestCase("2", "+1H", 1001)]
    [TestCase("1", "@every 1s", 0)]
    [TestCase("1", "@every 999ms", 1010)]
    [TestCase("1", "*/5 * * * * ?", 0)]
    [TestCase("1", "* * * *", 1010)]
    [TestCase("1", "* * * * * * *", 1010)]
    [TestCase("1", "60 * * * *", 1010)]
    [TestCase("1", "* 24 * * *", 1010)]
    [TestCase("1", "* * 0 * *", 1010)]
    [TestCase("1", "* * 32 * *", 1010)]
    [TestCase("1", "* * * 13 *", 1010)]
    [TestCase("1", "* * * * 8", 1010)]
    [TestCase("1", "*/0 * * * *", 1010)]
    [TestCase("1", "*/70 * * * *", 0, Description = "a step larger than its range")]
    public async Task A_format_at_its_border_has_its_code(string type, string format, int code)
    {
        var answer = await _host.PostAsync(Create, $$"""{"type":{{type}},"format":"{{format}}",{{Callback()}}}""");

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        if (code != 0)
            Assert.That(answer.Message, Does.StartWith("format").And.Contain("must be").Or.Contain("must not be"));
    }

    [Test]
    public async Task A_url_of_8192_bytes_is_taken_and_a_longer_one_is_1003()
    {
        var path = new string('p', 8192 - "http://a.test/".Length);

        var taken = await _host.PostAsync(Create, Once(Callback($"http://a.test/{path}")));
        var refused = await _host.PostAsync(Create, Once(Callback($"http://a.test/{path}p")));

        Assert.That((taken.Code, refused.Code), Is.EqualTo((0, 1003)), refused.Text);
    }

    [Test]
    public async Task A_request_of_256_KiB_is_taken_and_a_byte_more_is_1041()
    {
        var host = new ApiHost();
        var taken = await host.PostAsync(Create, OfBytes(256 * 1024));
        var refused = await host.PostAsync(Create, OfBytes((256 * 1024) + 1));

        Assert.That((taken.Code, refused.Code, refused.Status), Is.EqualTo((0, 1041, 413)), refused.Text);
        Assert.That(refused.Message, Does.Contain("max_request_bytes (262144)"));
    }

    [TestCase("limit", "1", "0")]
    [TestCase("limit", "1000", "1001")]
    [TestCase("limit", "50", "50.0")]
    [TestCase("limit", "50", "")]
    [TestCase("limit", "50", "99999999999999999999")]
    [TestCase("state", "expired", "Expired")]
    [TestCase("name_prefix", "a", "")]
    [TestCase("tag", "a:", "a")]
    [TestCase("cursor", "AQAAAAAAAAAB", "AgAAAAAAAAAB", Description = "of a version to come")]
    [TestCase("cursor", "AX__________", "Af__________", Description = "an id that is negative")]
    [TestCase("cursor", "AQAAAAAAAAAB", "AQAAAAAAAAABAA")]
    public Task A_listing_s_parameter_is_taken_or_1000(string parameter, string right, string wrong) =>
        AssertTakenOr1000Async("/xcron/listTasks?", parameter, right, wrong);

    [TestCase("count", "1", "0")]
    [TestCase("count", "100", "101")]
    [TestCase("after", "0", "-1")]
    [TestCase("after", "9999999999", "10000000000")]
    public Task A_preview_s_parameter_is_taken_or_1000(string parameter, string right, string wrong) =>
        AssertTakenOr1000Async("/xcron/previewSchedule?format=@daily&", parameter, right, wrong);

    private async Task AssertTakenOr1000Async(string call, string parameter, string right, string wrong)
    {
        var taken = await _host.GetAsync($"{call}{parameter}={right}");
        var refused = await _host.GetAsync($"{call}{parameter}={wrong}");

        Assert.That((taken.Code, refused.Code), Is.EqualTo((0, 1000)), $"{taken.Text} {refused.Text}");
        Assert.That(refused.Message, Does.StartWith($"{parameter} is \"{wrong}\"; must be "));
    }

    private static string Callback(string url = "http://a.test/x") => $"\"callback\":{{\"url\":\"{url}\"}}";

    private static string Once(string fields) => $"{{\"type\":2,\"format\":\"+30m\",{fields}}}";

    private static string With(string more) => Once($"{Callback()},{more}");

    private static string Named(string name) => With($"\"name\":{name}");

    private static string Retry(string retry) => With($"\"retry\":{{{retry}}}");

    private static string Cron(string more) => $"{{\"type\":1,\"format\":\"* * * * * *\",{Callback()},{more}}}";

    private static string In(string more) => Once($"\"callback\":{{\"url\":\"http://a.test/x\",{more}}}");

    private static string Text(char of, int length) => $"\"{new string(of, length)}\"";

    private static string Tags(int count) => $"\"tags\":{{{Many('t', count)}}}";

    private static string Many(char prefix, int count) => string.Join(',', Enumerable.Range(0, count)
        .Select(number => string.Create(CultureInfo.InvariantCulture, $"\"{prefix}{number}\":\"x\"")));

    /// <summary>An object of so many levels, itself the first.</summary>
    private static string Deep(int levels) => string.Concat(Enumerable.Repeat("{\"a\":", levels - 1)) + "{}" +
        new string('}', levels - 1);

    private static string OfBytes(int count)
    {
        var empty = In("\"body\":{\"x\":\"\"}");
        return In($"\"body\":{{\"x\":\"{new string('y', count - Encoding.UTF8.GetByteCount(empty))}\"}}");
    }
}
