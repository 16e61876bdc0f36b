using System.Text;
using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class HotPathTests
{
    /// <summary>What an array of bytes has beside its bytes, rounded up.</summary>
    private const int ArrayOverheadBytes = 32;

    [TestCase("""{"type":2,"format":"1800000100","callback":{"url":"http://127.0.0.1:9000/cb","body":{"a":[1,2]}}}""")]
    [TestCase("""{"type":1,"format":"1800000100","callback":{"url":"http://127.0.0.1:9000/cb"}}""")]
    [TestCase("""{"name":"a","type":2,"format":"+30m","callback":{"url":"http://127.0.0.1:9000/cb","timeout":1.5}}""")]
    public void Making_a_command_of_a_one_shot_allocates_nothing_but_the_command(string body)
    {
        const int Rounds = 2000;
        var host = new ApiHost();
        var endpoint = new CreateTaskEndpoint(host.Services, new TaskIntake(host.Services));
        var json = Encoding.UTF8.GetBytes(body);
        var commandBytes = 0;
        for (var round = 0; round < Rounds; round++)
            commandBytes = endpoint.Encode(json, out _)!.Length;

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
            endpoint.Encode(json, out _);
        var perRound = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;

        Assert.That(perRound, Is.AtMost(commandBytes + ArrayOverheadBytes), $"for a command of {commandBytes} bytes");
    }
}
