using System.Diagnostics;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Three real daemons on loopback, one of which is killed, or all restarted in turn.</summary>
[Category("EndToEnd")]
internal sealed class ThreeNodeTests : ThreeDaemons
{
    private volatile DaemonProcess _asked = null!;

    [Test]
    public async Task A_query_on_any_node_finds_what_was_created_on_any_other_just_before()
    {
        for (var i = 0; i < 30; i++)
        {
            var id = await Daemons[i % 3].CreateOneShotAsync(NowMs / 1000 + 3600, Receiver.Url);
            var answer = await Daemons[(i + 1) % 3].GetAsync($"/xcron/queryTask?task_id={id}");
            Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, $"task {id}: {answer}");
        }
    }

    [Test]
    public async Task Any_node_shows_how_far_each_member_has_committed_and_applied()
    {
        foreach (var asked in Daemons.All)
        {
            var shown = "";
            await Eventually.HoldsAsync(
                async () =>
                {
                    var data = (await asked.GetAsync("/xcron/cluster")).GetProperty("data");
                    shown = data.GetRawText();
                    return data.GetProperty("members").EnumerateArray().All(static member =>
                        IsAtLeast(member, "applied_index", 1) &&
                        IsAtLeast(member, "commit_index", member.GetProperty("applied_index").GetInt64()));
                },
                () => shown);
        }

        static bool IsAtLeast(JsonElement member, string name, long least) =>
            member.GetProperty(name) is { ValueKind: JsonValueKind.Number } index && index.GetInt64() >= least;
    }

    [Test]
    public async Task Callbacks_are_spread_over_the_nodes()
    {
        var due = NowMs / 1000 + 2;
        var ids = new List<string>();
        for (var i = 0; i < 60; i++)
            ids.Add(await Daemons[0].CreateOneShotAsync(due, Receiver.Url));

        var callbacks = await Receiver.WaitForAsync(60, TimeSpan.FromSeconds(10));
        Assert.That(callbacks.Select(callback => callback.TaskId), Is.EquivalentTo(ids));

        var nodes = new HashSet<string>();
        foreach (var id in ids)
        {
            var answer = await Daemons[1].GetAsync($"/xcron/queryTask?task_id={id}");
            var lastRun = answer.GetProperty("data").GetProperty("last_run");
            if (lastRun.ValueKind == JsonValueKind.Object)
                nodes.Add(lastRun.GetProperty("node").GetString()!);
        }

        Assert.That(nodes, Has.Count.EqualTo(3), "every node sent some");
    }

    [Test]
    public async Task Killing_the_leader_loses_no_run_and_creates_go_on_within_two_seconds()
    {
        var due = NowMs / 1000 + 5;
        var ids = new List<string>();
        for (var i = 0; i < 100; i++)
            ids.Add(await Daemons[i % 3].CreateOneShotAsync(due + i % 3, Receiver.Url, $$"""{"i":{{i}}}"""));
        var (leader, _) = await Daemons.LeaderAsync(Daemons[0]);
        var others = Daemons.All.Where(daemon => daemon != leader).ToArray();

        await leader.KillAsync();
        var outage = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await others[0].PostAsync(
                "/xcron/createTask",
                $$"""{"type":2,"format":"{{due}}","callback":{"url":"{{Receiver.Url}}"},"name":"after-the-kill"}""");
            if (answer.GetProperty("code").GetInt32() == 0)
            {
                ids.Add(answer.GetProperty("data").GetProperty("task_id").GetString()!);
                break;
            }

            Assert.That(Stopwatch.GetElapsedTime(outage).TotalSeconds, Is.LessThan(10), answer.ToString());
        }

        var back = Stopwatch.GetElapsedTime(outage);
        await Receiver.WaitForAsync(ids.Count, TimeSpan.FromSeconds(20));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(back.TotalSeconds, Is.LessThan(4), "creates go on (2 s, and twice that on a loaded machine)");
            var sent = Receiver.Callbacks.Select(callback => callback.TaskId).Distinct();
            Assert.That(sent, Is.EquivalentTo(ids), "every due run went out");
            Assert.That(
                Receiver.Callbacks.Where(callback => callback.ReceivedMs < 1000 * callback.ScheduledSeconds),
                Is.Empty,
                "none early");
        }

        leader.Start();
        await leader.WaitUntilReadyAsync();
        foreach (var id in ids)
        {
            var answer = await leader.GetAsync($"/xcron/queryTask?task_id={id}");
            Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, "the killed node caught up");
        }
    }

    [Test]
    public async Task A_rolling_restart_under_load_sends_everything_once_and_within_a_second_of_its_time()
    {
        const int RunsASecond = 8;
        const int MaxSeconds = 60;
        var first = NowMs / 1000 + 4;
        var dueOf = new Dictionary<string, long>();
        for (var i = 0; i < RunsASecond * MaxSeconds; i++)
        {
            var second = first + i / RunsASecond;
            dueOf.Add(await Daemons[i % 3].CreateOneShotAsync(second, Receiver.Url), second);
        }

        using var stopping = new CancellationTokenSource();
        _asked = Daemons[1];
        var load = LoadAsync(stopping.Token);
        await Eventually.HoldsAsync(
            () => Task.FromResult(Receiver.Callbacks.Any(callback => dueOf.ContainsKey(callback.TaskId))),
            () => "no run came");
        for (var i = 0; i < 3; i++)
        {
            _asked = Daemons[(i + 1) % 3];
            Assert.That(await Daemons[i].StopAsync(TimeSpan.FromSeconds(30)), Is.Zero);
            Daemons[i].Start();
            await Daemons[i].WaitUntilReadyAsync();
        }

        var until = NowMs / 1000;
        Assert.That(until, Is.InRange(first + 1, first + MaxSeconds - 1), "runs were due all the while");
        var due = dueOf.Where(task => task.Value <= until).Select(static task => task.Key).ToHashSet();
        await Eventually.HoldsAsync(
            () => Task.FromResult(due.IsSubsetOf(Receiver.Callbacks.Select(static callback => callback.TaskId))),
            () => $"not all of {due.Count} runs came");
        await stopping.CancelAsync();

        Assert.That(await load, Is.GreaterThan(0), "creates went on");
        var sent = Receiver.Callbacks.Where(callback => due.Contains(callback.TaskId)).ToArray();
        Assert.That(sent.Select(static callback => callback.TaskId), Is.Unique, "nothing was cut off");
        var lateMs = sent.Select(callback => callback.ReceivedMs - 1000 * callback.ScheduledSeconds).ToArray();
        await TestContext.Out.WriteLineAsync($"{sent.Length} runs, the latest {lateMs.Max()} ms after its time");
        Assert.That(lateMs.Min(), Is.GreaterThanOrEqualTo(0), "none early");
        Assert.That(lateMs.Max(), Is.LessThan(2000), "a second, and twice that on a loaded machine");
    }

    /// <summary>Creates on a node that stays; each must be taken. How many there were.</summary>
    private async Task<int> LoadAsync(CancellationToken stopping)
    {
        var created = 0;
        while (!stopping.IsCancellationRequested)
        {
            await _asked.CreateOneShotAsync(NowMs / 1000 + 3600, "http://127.0.0.1:9/");
            created++;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }

        return created;
    }
}
