namespace XCron.Daemon.Tests.Api;

internal sealed class PreviewScheduleEndpointTests
{
    private const string Path = "/xcron/previewSchedule";

    private readonly ApiHost _host = new();

    [Test]
    public async Task The_next_times_are_told_in_the_zone()
    {
        var answer = await _host.GetAsync(Path + "?format=30+2+*+*+*&timezone=Europe/Berlin&count=3&after=1806000000");

        string[] times = ["1806024600", "1806111000", "1806195600"];
        string[] localTimes =
        [
            "2027-03-26T02:30:00+01:00", "2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00",
        ];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Texts(answer, "times"), Is.EqualTo(times), answer.Text);
            Assert.That(Texts(answer, "local_times"), Is.EqualTo(localTimes));
            Assert.That(answer.Data.GetProperty("timezone").GetString(), Is.EqualTo("Europe/Berlin"));
            Assert.That(answer.Data.GetProperty("description").GetString(), Is.Not.Empty);
        }
    }

    [Test]
    public async Task Without_a_count_there_are_ten_from_now_in_the_default_zone()
    {
        var answer = await _host.GetAsync(Path + "?format=*%2F5%20*%20*%20*%20*");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Texts(answer, "times"), Has.Length.EqualTo(10));
            Assert.That(Texts(answer, "times")[0], Is.EqualTo("1800000300"));
            Assert.That(Texts(answer, "local_times")[0], Is.EqualTo("2027-01-15T16:05:00+08:00"));
            Assert.That(answer.Data.GetProperty("timezone").GetString(), Is.EqualTo("Asia/Shanghai"));
        }
    }

    [TestCase("", 1000, "\"format\" is missing")]
    [TestCase("?format=", 1010, "format:")]
    [TestCase("?format=0+0+30+2+*", 1010, "never")]
    [TestCase("?format=61+*+*+*+*", 1010, "minute")]
    [TestCase("?format=@daily&timezone=Mars", 1011, "Mars")]
    [TestCase("?format=@daily&count=0", 1000, "count is \"0\"; must be an integer, 1 to 100")]
    [TestCase("?format=@daily&count=101", 1000, "count is \"101\"; must be")]
    [TestCase("?format=@daily&count=x", 1000, "count is \"x\"; must be")]
    [TestCase("?format=@daily&count=", 1000, "count is \"\"; must be")]
    [TestCase("?format=@daily&after=yesterday", 1000, "after is \"yesterday\"; must be")]
    [TestCase("?format=@daily&after=-1", 1000, "after is \"-1\"; must be")]
    [TestCase("?format=@daily&after=1.0001", 1000, "after is \"1.0001\"; must be")]
    [TestCase("?format=@daily&after=99999999999", 1000, "after is \"99999999999\"; must be")]
    [TestCase("?format=@daily&zone=UTC", 1000, "unknown query parameter \"zone\"")]
    public async Task A_bad_query_is_refused(string query, int code, string inMessage)
    {
        var answer = await _host.GetAsync(Path + query);

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(answer.Message, Does.Contain(inMessage));
    }

    private static string?[] Texts(ApiAnswer answer, string name) =>
        [.. answer.Data.GetProperty(name).EnumerateArray().Select(time => time.GetString())];
}
