using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>
/// Faults 1, 4, 5 and 6 of Faults.txt with processes: three daemons, of which the leader is killed, or stands still for
/// longer than its shards stay with it, or is left alone because the others do.
/// </summary>
[Category("EndToEnd")]
internal sealed class LostProcessTests : ThreeDaemons
{
    private const int PlacesPerHost = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    protected override string[] Options => ["--callback.max_per_host", $"{PlacesPerHost}"];

    [Test]
    public async Task A_leader_killed_just_before_a_thousand_runs_are_due_loses_none_of_them()
    {
        var (leader, _) = await Daemons.LeaderAsync(Daemons[0]);
        var due = (NowMs / 1000) + 5;
        var ids = new List<string>();
        for (var batch = 0; batch < 10; batch++)
            ids.AddRange(await CreateManyAsync(leader, 100, _ => due));
        Assert.That(NowMs, Is.LessThan((due * 1000) - 500), "all were created in time");

        await UntilAsync((due * 1000) - 10);
        await leader.KillAsync();
        await Receiver.WaitForAsync(ids.Count, Limit);
        await UntilAllCameAsync(ids.Count);

        var callbacks = Receiver.Callbacks;
        var latest = callbacks.Max(callback => callback.ReceivedMs - (due * 1000));
        await TestContext.Out.WriteLineAsync($"{callbacks.Count} callbacks, the latest {latest} ms after its time");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(callbacks.Select(static callback => callback.TaskId).Distinct(), Is.EquivalentTo(ids));
            Assert.That(callbacks.Min(callback => callback.ReceivedMs - (due * 1000)), Is.Not.Negative, "none early");
            Assert.That(latest, Is.LessThan(10_000), "an election and a second; thrice that on a loaded machine");
            Assert.That(
                callbacks.Select(static callback => callback.RunId).Distinct().Count(), Is.EqualTo(1000),
                "a double has the same run id");
        }
    }

    [Test]
    public async Task A_leader_that_stood_still_sends_nothing_that_others_have_sent()
    {
        var (leader, _) = await Daemons.LeaderAsync(Daemons[0]);
        var other = Daemons.All.First(daemon => daemon != leader);
        Receiver.Delay = TimeSpan.FromMilliseconds(200);
        var due = (NowMs / 1000) + 3;
        var ids = await CreateManyAsync(leader, 150, _ => due);

        // Two thirds of a leader's share are claimed and wait for their places when it stops.
        await UntilAsync((due * 1000) + 700);
        await leader.SignalAsync("STOP");
        await UntilAllCameAsync(ids.Length);
        await UntilCompletedAsync(other, ids);
        var before = Receiver.Callbacks.Count;
        Receiver.Delay = TimeSpan.Zero;
        await leader.SignalAsync("CONT");
        await leader.WaitUntilReadyAsync();
        await UntilCompletedAsync(leader, ids);

        var (leaderNow, _) = await Daemons.LeaderAsync(other);
        var callbacks = Receiver.Callbacks;
        var again = callbacks.GroupBy(static callback => callback.TaskId).Where(static calls => calls.Count() > 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(leaderNow, Is.Not.SameAs(leader), "another leads since");
            Assert.That(callbacks.Select(static callback => callback.TaskId).Distinct(), Is.EquivalentTo(ids));
            Assert.That(callbacks.Select(static callback => callback.RunId).Distinct().Count(), Is.EqualTo(ids.Length));
            Assert.That(again.Count(), Is.LessThan(10), "what was on its way when it stopped");
            Assert.That(
                callbacks.Count - before, Is.LessThanOrEqualTo(PlacesPerHost), "what was half sent when it stopped");
        }
    }

    [Test]
    public async Task A_leader_left_alone_answers_nothing_and_sends_nothing_until_the_others_are_back()
    {
        var (leader, _) = await Daemons.LeaderAsync(Daemons[0]);
        var others = Daemons.All.Where(daemon => daemon != leader).ToArray();
        var first = (NowMs / 1000) + 3;
        var ids = await CreateManyAsync(leader, 100, i => first + (i / 10));

        await UntilAsync((first * 1000) + 500);
        foreach (var other in others)
            await other.SignalAsync("STOP");
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        var before = Receiver.Callbacks.Count;
        var create = leader.PostAsync(
            "/xcron/createTask",
            $$"""{"type":2,"format":"{{first + 3600}}","callback":{"url":"{{Receiver.Url}}"} }""");
        var query = leader.GetAsync($"/xcron/queryTask?task_id={ids[0]}");
        var codes = (await Task.WhenAll(create, query)).Select(static answer => answer.GetProperty("code").GetInt32());
        var after = Receiver.Callbacks.Count;
        foreach (var other in others)
            await other.SignalAsync("CONT");
        await Receiver.WaitForAsync(ids.Length, Limit);
        await UntilCompletedAsync(others[0], ids);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(codes, Is.All.EqualTo(1050), "a create is not acknowledged, a read refused");
            Assert.That(after, Is.EqualTo(before), "nothing goes out without a majority");
            Assert.That(before, Is.LessThan(60));
            Assert.That(
                Receiver.Callbacks.Select(static callback => callback.RunId).Distinct().Count(),
                Is.EqualTo(ids.Length), "all run, and each once or under the same run id");
        }
    }

    private static async Task UntilAsync(long unixMs)
    {
        var left = unixMs - NowMs - 20;
        if (left > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(left), TimeProvider.System);
        while (NowMs < unixMs)
            await Task.Yield();
    }

    /// <summary>Nothing more of them can be sent.</summary>
    private static Task UntilCompletedAsync(DaemonProcess daemon, string[] ids) => Eventually.HoldsAsync(
        async () => await CompletedAsync(daemon) == ids.Length, () => daemon.Output);

    private static async Task<long> CompletedAsync(DaemonProcess daemon)
    {
        var answer = await daemon.GetAsync("/xcron/stats");
        return answer.TryGetProperty("data", out var data)
            ? data.GetProperty("tasks").GetProperty("completed").GetInt64()
            : 0;
    }

    private Task UntilAllCameAsync(int count) => Eventually.HoldsAsync(
        () => Task.FromResult(Receiver.Callbacks.DistinctBy(static callback => callback.TaskId).Count() == count),
        () => $"{Receiver.Callbacks.Count} callbacks came, for fewer than {count} tasks");

    private async Task<string[]> CreateManyAsync(DaemonProcess daemon, int count, Func<int, long> dueOf)
    {
        var tasks = Enumerable.Range(0, count).Select(i =>
            $$"""{"type":2,"format":"{{dueOf(i)}}","callback":{"url":"{{Receiver.Url}}"} }""");
        var answer = await daemon.PostAsync("/xcron/createTasks", $"{{\"tasks\":[{string.Join(',', tasks)}]}}");
        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());
        return
        [
            .. answer.GetProperty("data").GetProperty("results").EnumerateArray()
                .Select(static (JsonElement result) => result.GetProperty("task_id").GetString()!),
        ];
    }
}
