using Microsoft.AspNetCore.Http;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Api;

internal sealed class MemberEndpointTests
{
    [TestCase("addPeer", MemberAction.Add)]
    [TestCase("removePeer", MemberAction.Remove)]
    [TestCase("transferLeader", MemberAction.TransferLeader)]
    public async Task Each_call_asks_for_its_change(string call, object action)
    {
        var asked = new List<(MemberAction, string)>();
        var endpoints = EndpointsThat((what, host) =>
        {
            asked.Add((what, host));
            return new MemberAnswer.Done();
        });

        var answer = await SendAsync(
            endpoints, ApiHost.Request("POST", $"/xcron/{call}", """{"host":"Node4:8899"}"""));

        Assert.That((answer.Status, answer.Code), Is.EqualTo((200, 0)));
        Assert.That(asked.Single(), Is.EqualTo(((MemberAction)action, "node4:8899")));
    }

    [TestCase("{}", 1000)]
    [TestCase("""{"host":"10.0.0.1"}""", 1000)]
    [TestCase("""{"host":"10.0.0.1:0"}""", 1000)]
    [TestCase("""{"host":":8899"}""", 1000)]
    [TestCase("""{"host":8899}""", 1000)]
    [TestCase("""{"hots":"10.0.0.1:8899"}""", 1000)]
    [TestCase("nonsense", 1000)]
    public async Task What_names_no_host_is_refused(string body, int code)
    {
        var answer = await SendAsync(
            EndpointsThat((_, _) => throw new AssertionException("not asked")),
            ApiHost.Request("POST", "/xcron/addPeer", body));

        Assert.That(answer.Code, Is.EqualTo(code));
    }

    [Test]
    public async Task Refusals_and_doubts_are_told()
    {
        MemberAnswer[] answers =
            [new MemberAnswer.Refused("it is no member"), new MemberAnswer.NoLeader(), new MemberAnswer.Unknown()];
        var said = new List<(int, int)>();
        foreach (var given in answers)
        {
            var answer = await SendAsync(
                EndpointsThat((_, _) => given),
                ApiHost.Request("POST", "/xcron/removePeer", """{"host":"10.0.0.1:8899"}"""));
            said.Add((answer.Status, answer.Code));
        }

        Assert.That(said, Is.EqualTo([(409, 1040), (503, 1050), (503, 1050)]));
    }

    private static async Task<ApiAnswer> SendAsync(ApiEndpoints endpoints, DefaultHttpContext context)
    {
        await endpoints.HandleAsync(context);
        return await ApiHost.ReadAsync(context);
    }

    private static ApiEndpoints EndpointsThat(Func<MemberAction, string, MemberAnswer> answer) =>
        new(new ApiHost().Services with
        {
            ChangeMembers = (action, host, _) => Task.FromResult(answer(action, host)),
        });
}
