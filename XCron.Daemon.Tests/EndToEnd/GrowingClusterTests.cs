using System.Diagnostics;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Real daemons that come, go and hand over while tasks are created.</summary>
[Category("EndToEnd")]
internal sealed class GrowingClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<DirectoryInfo> _directories = [];
    private readonly List<DaemonProcess> _daemons = [];

    private static long InAnHour => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600;

    [TearDown]
    public async Task TearDown()
    {
        foreach (var daemon in _daemons)
            await daemon.DisposeAsync();
        foreach (var directory in _directories)
            directory.Delete(recursive: true);
        _daemons.Clear();
        _directories.Clear();
    }

    [Test]
    public async Task A_fourth_node_joins_by_configuration_alone_under_load_and_is_removed_again()
    {
        await StartThreeAsync();
        using var stopping = new CancellationTokenSource();
        var load = LoadAsync(_daemons[0], stopping.Token);

        var fourth = NewDaemon("--peer.join", AddressOf(_daemons[1]));
        fourth.Start();
        await fourth.WaitUntilReadyAsync();
        var grown = await UntilMembersAsync(_daemons[0], members => members.Count(IsVoter) == 4);

        var removed = await _daemons[2].PostAsync("/xcron/removePeer", $$"""{"host":"{{AddressOf(fourth)}}"}""");
        Assert.That(removed.GetProperty("code").GetInt32(), Is.Zero, removed.ToString());
        var shrunk = await UntilMembersAsync(_daemons[0], members => members.Length == 3);
        await stopping.CancelAsync();
        var (ids, longestPause) = await load;

        Assert.That(grown, Has.Length.EqualTo(4));
        Assert.That(shrunk.Select(HostOf), Has.None.EqualTo(AddressOf(fourth)));
        Assert.That(longestPause.TotalSeconds, Is.LessThan(2), "an election timeout, twice that on a loaded machine");
        await AssertAllThereAsync(_daemons[1], ids);
    }

    [Test]
    public async Task One_node_grows_to_three_without_a_restart_and_survives_its_own_loss()
    {
        var first = NewDaemon();
        first.Start();
        await first.WaitUntilReadyAsync();
        var id = await first.CreateOneShotAsync(InAnHour, "http://127.0.0.1:9/");

        var second = NewDaemon("--peer.join", AddressOf(first));
        var third = NewDaemon("--peer.join", AddressOf(first));
        second.Start();
        third.Start();
        await second.WaitUntilReadyAsync();
        await third.WaitUntilReadyAsync();
        await UntilMembersAsync(first, members => members.Count(IsVoter) == 3);
        await first.KillAsync();

        await AssertAllThereAsync(third, [id]);
    }

    [Test]
    public async Task A_node_whose_directory_was_wiped_comes_back_as_a_new_one_in_its_place()
    {
        await StartThreeAsync();
        var id = await _daemons[0].CreateOneShotAsync(InAnHour, "http://127.0.0.1:9/");
        var victim = _daemons[2];
        var former = (await MembersAsync(_daemons[0])).Single(member => HostOf(member) == AddressOf(victim));
        await victim.KillAsync();
        Directory.Delete(victim.Directory, recursive: true);
        Directory.CreateDirectory(victim.Directory);

        victim.Start();
        await victim.WaitUntilReadyAsync();
        var members = await UntilMembersAsync(
            _daemons[0], members => members.Length == 3 && members.All(IsVoter) && members.All(IsNot(former)));

        Assert.That(members.Select(HostOf), Does.Contain(AddressOf(victim)));
        await AssertAllThereAsync(victim, [id]);
    }

    [Test]
    public async Task A_leader_that_is_told_to_stop_hands_over_first()
    {
        await StartThreeAsync();
        var (leader, term) = await LeaderAsync(_daemons[0]);
        var other = _daemons.First(daemon => daemon != leader);
        using var stopping = new CancellationTokenSource();
        var load = LoadAsync(other, stopping.Token);

        var code = await leader.StopAsync(Limit);
        var (successor, nextTerm) = await LeaderAsync(other);
        await stopping.CancelAsync();
        var (ids, longestPause) = await load;

        Assert.That(code, Is.Zero);
        Assert.That(leader.Output, Does.Contain("Leadership handed over: Transferred"));
        Assert.That(successor, Is.Not.SameAs(leader));
        Assert.That(nextTerm, Is.EqualTo(term + 1), "nobody had to stand twice");
        Assert.That(longestPause.TotalSeconds, Is.LessThan(1), "less than the wait for an election");
        await AssertAllThereAsync(other, ids);
    }

    [Test]
    public async Task Leadership_goes_where_it_is_asked_to_go()
    {
        await StartThreeAsync();
        var (leader, _) = await LeaderAsync(_daemons[0]);
        var target = _daemons.First(daemon => daemon != leader);

        var answer = await target.PostAsync("/xcron/transferLeader", $$"""{"host":"{{AddressOf(target)}}"}""");
        var (successor, _) = await LeaderAsync(target);

        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());
        Assert.That(successor, Is.SameAs(target));
    }

    private static string AddressOf(DaemonProcess daemon) => $"127.0.0.1:{daemon.Ports.Peer}";

    private static string HostOf(JsonElement member) => member.GetProperty("host").GetString()!;

    private static bool IsVoter(JsonElement member) => member.GetProperty("voter").GetBoolean();

    private static Func<JsonElement, bool> IsNot(JsonElement former) =>
        member => member.GetProperty("id").GetString() != former.GetProperty("id").GetString();

    private static async Task<JsonElement[]> MembersAsync(DaemonProcess daemon)
    {
        var answer = await daemon.GetAsync("/xcron/cluster");
        return [.. answer.GetProperty("data").GetProperty("members").EnumerateArray()];
    }

    private static async Task<JsonElement[]> UntilMembersAsync(DaemonProcess daemon, Func<JsonElement[], bool> holds)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var members = await MembersAsync(daemon);
            if (holds(members))
                return members;

            var waited = Stopwatch.GetElapsedTime(start);
            Assert.That(waited, Is.LessThan(Limit), $"members are {string.Join(", ", members)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

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

    private static async Task AssertAllThereAsync(DaemonProcess daemon, IReadOnlyList<string> ids)
    {
        Assert.That(ids, Is.Not.Empty);
        foreach (var id in ids)
        {
            var answer = await daemon.GetAsync($"/xcron/queryTask?task_id={id}");
            Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, $"task {id}: {answer}");
        }
    }

    private async Task<(DaemonProcess Leader, long Term)> LeaderAsync(DaemonProcess asked)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var data = (await asked.GetAsync("/xcron/cluster")).GetProperty("data");
            var leader = data.GetProperty("leader").GetString();
            if (leader is not null && _daemons.Find(daemon => AddressOf(daemon) == leader) is { IsRunning: true } found)
                return (found, data.GetProperty("term").GetInt64());

            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Limit), "somebody leads");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private async Task StartThreeAsync()
    {
        var ports = new[] { Ports.Free(), Ports.Free(), Ports.Free() };
        var peers = string.Join(",", ports.Select(port => $"127.0.0.1:{port.Peer}"));
        foreach (var port in ports)
            NewDaemonAt(port, "--peer.peer_hosts", peers, "--peer.self", $"127.0.0.1:{port.Peer}").Start();
        foreach (var daemon in _daemons)
            await daemon.WaitUntilReadyAsync();
    }

    private DaemonProcess NewDaemon(params string[] more) => NewDaemonAt(Ports.Free(), more);

    private DaemonProcess NewDaemonAt(Ports ports, params string[] more)
    {
        var directory = Directory.CreateTempSubdirectory("xcron-e2e-");
        _directories.Add(directory);
        var daemon = new DaemonProcess(directory.FullName, ports, more);
        _daemons.Add(daemon);
        return daemon;
    }
}
