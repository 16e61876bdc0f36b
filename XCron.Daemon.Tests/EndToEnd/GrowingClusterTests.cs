using System.Diagnostics;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Real daemons that come, go and hand over while tasks are created.</summary>
[Category("EndToEnd")]
internal sealed class GrowingClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private DaemonGroup _daemons = null!;

    private static long InAnHour => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600;

    [SetUp]
    public void SetUp() => _daemons = new DaemonGroup();

    [TearDown]
    public async Task TearDown() => await _daemons.DisposeAsync();

    [Test]
    public async Task A_fourth_node_joins_by_configuration_alone_under_load_and_is_removed_again()
    {
        await _daemons.StartThreeAsync();
        using var stopping = new CancellationTokenSource();
        var load = LoadAsync(_daemons[0], stopping.Token);

        var fourth = _daemons.Add("--peer.join", _daemons[1].Address);
        fourth.Start();
        await fourth.WaitUntilReadyAsync();
        var grown = await _daemons[0].UntilMembersAsync(static members => Voters(members) == 4);

        var removed = await _daemons[2].PostAsync("/xcron/removePeer", $$"""{"host":"{{fourth.Address}}"}""");
        Assert.That(removed.GetProperty("code").GetInt32(), Is.Zero, removed.ToString());
        var shrunk = await _daemons[0].UntilMembersAsync(static members => members.Length == 3);
        await stopping.CancelAsync();
        var (ids, longestPause) = await load;

        Assert.That(grown, Has.Length.EqualTo(4));
        Assert.That(shrunk.Select(static member => member.Host), Has.None.EqualTo(fourth.Address));
        Assert.That(longestPause.TotalSeconds, Is.LessThan(2), "an election timeout, twice that on a loaded machine");
        await _daemons[1].AssertHasTasksAsync(ids);
    }

    [Test]
    public async Task One_node_grows_to_three_without_a_restart_and_survives_its_own_loss()
    {
        var first = _daemons.Add();
        first.Start();
        await first.WaitUntilReadyAsync();
        var id = await first.CreateOneShotAsync(InAnHour, "http://127.0.0.1:9/");

        var second = _daemons.Add("--peer.join", first.Address);
        var third = _daemons.Add("--peer.join", first.Address);
        second.Start();
        third.Start();
        await second.WaitUntilReadyAsync();
        await third.WaitUntilReadyAsync();
        await first.UntilMembersAsync(static members => Voters(members) == 3);
        await first.KillAsync();

        await third.AssertHasTasksAsync([id]);
    }

    [Test]
    public async Task A_node_whose_directory_was_wiped_comes_back_as_a_new_one_in_its_place()
    {
        await _daemons.StartThreeAsync();
        var id = await _daemons[0].CreateOneShotAsync(InAnHour, "http://127.0.0.1:9/");
        var victim = _daemons[2];
        var former = (await _daemons[0].MembersAsync()).Single(member => member.Host == victim.Address);
        await victim.KillAsync();
        Directory.Delete(victim.Directory, recursive: true);
        Directory.CreateDirectory(victim.Directory);

        victim.Start();
        await victim.WaitUntilReadyAsync();
        var members = await _daemons[0].UntilMembersAsync(members =>
            members.Length == 3 && Voters(members) == 3 && !members.Any(member => member.Id == former.Id));

        Assert.That(members.Select(static member => member.Host), Does.Contain(victim.Address));
        await victim.AssertHasTasksAsync([id]);
    }

    [Test]
    public async Task A_leader_that_is_told_to_stop_hands_over_first()
    {
        await _daemons.StartThreeAsync();
        var (leader, term) = await _daemons.LeaderAsync(_daemons[0]);
        var other = _daemons.All.First(daemon => daemon != leader);
        using var stopping = new CancellationTokenSource();
        var load = LoadAsync(other, stopping.Token);

        var code = await leader.StopAsync(Limit);
        var (successor, nextTerm) = await _daemons.LeaderAsync(other);
        await stopping.CancelAsync();
        var (ids, longestPause) = await load;

        Assert.That(code, Is.Zero);
        Assert.That(leader.Output, Does.Contain("Leadership handed over: Transferred"));
        Assert.That(successor, Is.Not.SameAs(leader));
        Assert.That(nextTerm, Is.EqualTo(term + 1), "nobody had to stand twice");
        Assert.That(longestPause.TotalSeconds, Is.LessThan(1), "less than the wait for an election");
        await other.AssertHasTasksAsync(ids);
    }

    [Test]
    public async Task Leadership_goes_where_it_is_asked_to_go()
    {
        await _daemons.StartThreeAsync();
        var (leader, _) = await _daemons.LeaderAsync(_daemons[0]);
        var target = _daemons.All.First(daemon => daemon != leader);

        var answer = await target.PostAsync("/xcron/transferLeader", $$"""{"host":"{{target.Address}}"}""");
        var (successor, _) = await _daemons.LeaderAsync(target);

        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());
        Assert.That(successor, Is.SameAs(target));
    }

    private static int Voters(ClusterMember[] members) => members.Count(static member => member.IsVoter);

    /// <summary>Creates one task after the other; each must be taken. The longest wait between two answers.</summary>
    private static async Task<(List<string> Ids, TimeSpan LongestPause)> LoadAsync(
        DaemonProcess daemon, CancellationToken stopping)
    {
        var ids = new List<string>();
        var longest = TimeSpan.Zero;
        var last = Stopwatch.GetTimestamp();
        while (!stopping.IsCancellationRequested)
        {
            ids.Add(await daemon.CreateOneShotAsync(InAnHour, "http://127.0.0.1:9/"));
            var pause = Stopwatch.GetElapsedTime(last);
            longest = pause > longest ? pause : longest;
            last = Stopwatch.GetTimestamp();
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        return (ids, longest);
    }
}
