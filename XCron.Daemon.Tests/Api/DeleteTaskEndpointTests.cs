using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class DeleteTaskEndpointTests
{
    private const string Path = "/xcron/deleteTask";

    private ApiHost _host = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        _host = new ApiHost();
        await _host.PostAsync(
            "/xcron/createTask",
            """{"type":2,"format":"+30m","name":"order:7","callback":{"url":"http://a.test/x"}}""");
    }

    [TestCase("""{"task_id":"1001"}""")]
    [TestCase("""{"name":"order:7"}""")]
    public async Task A_task_is_deleted_by_its_id_or_name(string body)
    {
        var answer = await _host.PostAsync(Path, body);
        var again = await _host.PostAsync(Path, body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","running":false}"""));
            Assert.That(again.Code, Is.EqualTo(1030));
            Assert.That(again.Status, Is.EqualTo(404));
        }
    }

    [Test]
    public async Task A_callback_on_its_way_is_told_of()
    {
        var running = new OpenRun { Sequence = 1, ScheduledMs = 1, Attempt = 1, ClaimedBy = new(new NodeId(1), 7) };
        _host.Tasks.Put(_host.Tasks.Find(new TaskId(1001))! with { Run = running });

        var answer = await _host.PostAsync(Path, """{"task_id":"1001"}""");

        Assert.That(answer.Data.GetProperty("running").GetBoolean(), Is.True);
        Assert.That(_host.Awaited.Single(), Is.EqualTo(new[] { new NodeId(1) }), "answered once that node knows");
    }

    [TestCase("", "empty")]
    [TestCase("{}", "task_id or name is missing")]
    [TestCase("""{"task_id":"1001","name":"order:7"}""", "both given")]
    [TestCase("""{"task_id":1001}""", "task_id is 1001; must be a task's id: a string of decimal digits")]
    [TestCase("""{"task_id":""}""", "task_id is \"\"; must be")]
    [TestCase("""{"task_id":"-1"}""", "task_id is \"-1\"; must be")]
    [TestCase("""{"task_id":"+1001"}""", "task_id is \"+1001\"; must be")]
    [TestCase("""{"task_id":" 1001"}""", "task_id is \" 1001\"; must be")]
    [TestCase("""{"task_id":"0"}""", "task_id is \"0\"; must be")]
    [TestCase("""{"task_id":"9223372036854775808"}""", "task_id is \"9223372036854775808\"; must be")]
    [TestCase("""{"task_id":"1001x"}""", "task_id is \"1001x\"; must be")]
    [TestCase("""{"name":""}""", "name is \"\"; must be 1 to 128")]
    [TestCase("""{"name":"a b"}""", "name is \"a b\"; must be 1 to 128")]
    [TestCase("""{"name":null}""", "name is null")]
    [TestCase("""{"taskid":"1001"}""", "did you mean \"task_id\"?")]
    [TestCase("""{"task_id":"1001","task_id":"1001"}""", "given twice")]
    [TestCase("""{"task_id":"1001"}{}""", "not JSON")]
    public async Task A_bad_request_is_refused(string body, string inMessage)
    {
        var answer = await _host.PostAsync(Path, body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(1000), answer.Text);
            Assert.That(answer.Message, Does.Contain(inMessage));
            Assert.That(_host.Tasks.Count, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task The_command_says_id_or_name()
    {
        await _host.PostAsync(Path, """{"name":"nobody"}""");
        await _host.PostAsync(Path, """{"task_id":"5"}""");

        Assert.That(
            _host.Gateway.Submitted.Skip(1).Select(command => TaskCommand.Parser.ParseFrom(command).Delete),
            Is.EqualTo(new[] { new DeleteTask { Name = "nobody" }, new DeleteTask { TaskId = 5 } }));
    }
}
