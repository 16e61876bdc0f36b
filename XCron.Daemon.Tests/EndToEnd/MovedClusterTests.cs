namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Daemons that are started again at other addresses, with the data they had.</summary>
[Category("EndToEnd")]
internal sealed class MovedClusterTests
{
    [Test]
    public async Task All_addresses_change_at_once_and_the_data_is_there()
    {
        await using var daemons = new DaemonGroup();
        await daemons.StartThreeAsync();
        var inAnHour = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600;
        var id = await daemons[0].CreateOneShotAsync(inAnHour, "http://127.0.0.1:9/");

        await daemons.MoveAllAsync();
        await daemons[1].AssertHasTasksAsync([id]);
        var later = await daemons[2].CreateOneShotAsync(inAnHour, "http://127.0.0.1:9/");
        var addresses = daemons.All.Select(static daemon => daemon.Address).Order().ToArray();
        await daemons[0].UntilMembersAsync(members =>
            members.Select(static member => member.Host).Order().SequenceEqual(addresses)
            && members.All(static member => member.IsVoter && member.IsUp));

        // From now on by the log alone: the configuration of whoever starts again may have the addresses of old.
        await daemons[0].KillAsync();
        daemons[0].Start();
        await daemons[0].WaitUntilReadyAsync();
        await daemons[0].AssertHasTasksAsync([id, later]);
    }
}
