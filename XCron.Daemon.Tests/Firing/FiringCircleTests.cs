namespace XCron.Daemon.Tests.Firing;

/// <summary>Two sessions and the real state machine, while commands fail, states lag and shards move about.</summary>
internal sealed class FiringCircleTests
{
    [Test]
    public async Task Every_due_time_is_served_once_while_commands_fail_and_shards_move([Range(1, 12)] int seed)
    {
        var circle = new FiringCircle(seed) { HasCuts = false };

        await circle.RunAsync(steps: 1500);
        await circle.SettleAsync();

        circle.Check();
    }

    [Test]
    public async Task A_node_that_is_cut_off_loses_nothing_and_sends_nothing_that_is_anothers([Range(1, 12)] int seed)
    {
        var circle = new FiringCircle(seed) { HasCuts = true };

        await circle.RunAsync(steps: 1500);
        await circle.SettleAsync();

        circle.Check();
    }
}
