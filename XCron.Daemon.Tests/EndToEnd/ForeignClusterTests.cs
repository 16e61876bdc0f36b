namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>faults.md 28: two processes on one data directory, and a node of one cluster that is shown to another.
/// </summary>
[Category("EndToEnd")]
internal sealed class ForeignClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Test]
    public async Task A_second_process_on_a_data_directory_is_refused_and_the_first_goes_on()
    {
        await using var daemons = new DaemonGroup();
        var first = daemons.Add();
        first.Start();
        await first.WaitUntilReadyAsync();
        var id = await first.CreateOneShotAsync(InAnHour(), "http://127.0.0.1:9/");

        await using var second = new DaemonProcess(first.Directory, Ports.Free());
        second.Start();
        var code = await second.WaitForExitAsync(Limit);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Not.Zero);
            Assert.That(second.Output, Does.Contain(first.Directory).And.Contain("in use by another process"));
            Assert.That(second.Output, Does.Not.Contain("   at XCron"), "in words");
            Assert.That(first.IsRunning);
        }

        await first.AssertHasTasksAsync([id]);
    }

    [Test]
    public async Task A_node_of_another_cluster_is_not_taken_in_and_neither_loses_anything()
    {
        await using var daemons = new DaemonGroup();
        var (one, other) = (daemons.Add(), daemons.Add());
        one.Start();
        other.Start();
        await one.WaitUntilReadyAsync();
        await other.WaitUntilReadyAsync();
        var mine = await one.CreateOneShotAsync(InAnHour(), "http://127.0.0.1:9/");
        var theirs = await other.CreateOneShotAsync(InAnHour(), "http://127.0.0.1:9/");

        var added = await one.PostAsync("/xcron/addPeer", $$"""{"host":"{{other.Address}}"}""");
        var members = await one.MembersAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(added.GetProperty("code").GetInt32(), Is.Not.Zero);
            Assert.That(added.GetProperty("message").GetString(), Does.Contain("belongs to another cluster"));
            Assert.That(members.Select(static member => member.Host), Is.EqualTo([one.Address]));
            Assert.That(await one.HasTaskAsync(theirs), Is.False);
        }

        await one.AssertHasTasksAsync([mine]);
        await other.AssertHasTasksAsync([theirs]);
    }

    private static long InAnHour() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600;
}
