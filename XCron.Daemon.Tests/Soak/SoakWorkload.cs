using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Clients: create at the rate asked for, delete some (also close to the due time), query some, each by a random node.
/// A create under a name is repeated until its outcome is known, as a client may. Ends when all its requests have.
/// </summary>
internal sealed class SoakWorkload(
    SoakApi api, SoakCluster cluster, TaskStories stories, SoakHistory history, string callbackUrl, int seed)
{
    private const int MaxUnderWay = 2000;

    /// <summary>
    /// At 20 a second a segment of the log is full within some seconds. They stay until their retention is over: much
    /// larger ones make snapshots of which the small disk does not hold the two that are kept and the next one.
    /// </summary>
    private const int LargeBodyChars = 8000;

    private const double GivenUpSeconds = 30;

    private readonly Random _random = new(seed);
    private readonly List<Task> _underWay = [];
    private int _created;

    /// <summary>Creates that were not made because too many were still under way.</summary>
    public int PassedOver { get; private set; }

    public async Task RunAsync(int rate, TimeSpan howLong, CancellationToken stop)
    {
        var startMs = SoakTime.NowMs;
        while (SoakTime.NowMs - startMs < howLong.TotalMilliseconds && !stop.IsCancellationRequested)
        {
            var shouldBe = (SoakTime.NowMs - startMs) * rate / 1000;
            for (; _created < shouldBe; _created++)
                StartOne(stop);
            _underWay.RemoveAll(task => task.IsCompletedSuccessfully);
            await SoakTime.Delay(0.02, stop);
        }

        await Task.WhenAll(_underWay);
    }

    private void StartOne(CancellationToken stop)
    {
        if (_underWay.Count >= MaxUnderWay)
        {
            PassedOver++;
            return;
        }

        var plan = Draw();
        stories.Add(plan.Story);
        _underWay.Add(LiveAsync(plan, stop));
    }

    private Plan Draw()
    {
        var isPeriodic = _random.Next(50) == 0;
        var inSeconds = _random.Next(1, 21);
        var runs = isPeriodic ? _random.Next(2, 8) : 1;
        var periodSeconds = isPeriodic ? _random.Next(1, 4) : 0;
        var story = new TaskStory
        {
            Key = $"k{_created}",
            DueMs = isPeriodic ? 0 : (SoakTime.NowMs / 1000 + inSeconds) * 1000,
            PeriodMs = periodSeconds * 1000,
            Runs = runs,
        };
        var lifeSeconds = isPeriodic ? periodSeconds * runs : inSeconds;
        return new Plan(story)
        {
            Name = _random.Next(3) == 0 ? $"soak/{story.Key}" : null,
            Failures = !isPeriodic && _random.Next(30) == 0 ? _random.Next(1, 3) : 0,
            SlowMs = _random.Next(30) == 0 ? _random.Next(100, 2500) : 0,
            // A third of the deletes are aimed at the due time itself.
            DeleteAtMs = _random.Next(100) switch
            {
                < 10 => SoakTime.NowMs + _random.Next(lifeSeconds * 1000),
                < 15 when !isPeriodic => story.DueMs + _random.Next(-50, 50),
                _ => null,
            },
            QueryAfterSeconds = _random.Next(10) == 0 ? _random.NextDouble() * (lifeSeconds + 5) : null,
            Node = _random.Next(),
        };
    }

    private async Task LiveAsync(Plan plan, CancellationToken stop)
    {
        await CreateAsync(plan, stop);
        if (plan.Story.Created != Ending.Done)
            return;

        var querying = plan.QueryAfterSeconds is { } after ? QueryAsync(plan, after, stop) : Task.CompletedTask;
        if (plan.DeleteAtMs is { } deleteAtMs)
            await DeleteAsync(plan, deleteAtMs, stop);
        await querying;
    }

    private async Task CreateAsync(Plan plan, CancellationToken stop)
    {
        var json = JsonOf(plan);
        var startMs = SoakTime.NowMs;
        for (var i = 0; ; i++)
        {
            var node = (plan.Node + i) % cluster.Nodes.Length;
            var answer = await AskAsync("create", plan.Story.Key, node, "/xcron/createTask", json, stop);
            if (answer.Ending == Ending.Done)
            {
                lock (plan.Story)
                {
                    plan.Story.TaskIds.Add(answer.Data.GetProperty("task_id").GetString()!);
                    plan.Story.Created = Ending.Done;
                    plan.Story.CreatedMs = SoakTime.NowMs;
                }

                return;
            }

            if (answer.Ending == Ending.Unknown)
            {
                lock (plan.Story)
                    plan.Story.DoubtfulCreates++;
            }

            var isGivenUp = SoakTime.NowMs - startMs > GivenUpSeconds * 1000;
            if (plan.Name is null || answer.Ending != Ending.Unknown || isGivenUp)
            {
                plan.Story.Created = plan.Story.DoubtfulCreates > 0 ? Ending.Unknown : Ending.Refused;
                return;
            }

            await SoakTime.Delay(0.2, stop);
        }
    }

    private async Task DeleteAsync(Plan plan, long atMs, CancellationToken stop)
    {
        await SoakTime.Delay(Math.Max(0, atMs - SoakTime.NowMs) / 1000.0, stop);
        var story = plan.Story;
        var json = plan.Name is not null && plan.Node % 2 == 0
            ? $$"""{"name":"{{plan.Name}}"}"""
            : $$"""{"task_id":"{{story.TaskIds.First()}}"}""";
        lock (story)
            story.DeleteAskedMs = SoakTime.NowMs;
        var answer = await AskAsync("delete", story.Key, plan.Node / 3, "/xcron/deleteTask", json, stop);
        lock (story)
        {
            story.Deleted = answer.Ending;
            story.DeletedMs = SoakTime.NowMs;
            story.WasRunning = answer.Ending == Ending.Done && answer.Data.GetProperty("running").GetBoolean();
        }
    }

    private async Task QueryAsync(Plan plan, double afterSeconds, CancellationToken stop)
    {
        await SoakTime.Delay(afterSeconds, stop);
        await QueryAsync(plan.Story, plan.Node / 7, stop);
    }

    /// <summary>Asks for a task that was acknowledged and notes what the answer commits the cluster to.</summary>
    public async Task QueryAsync(TaskStory story, int node, CancellationToken stop)
    {
        var path = $"/xcron/queryTask?task_id={story.TaskIds.First()}";
        var answer = await AskAsync("query", story.Key, node, path, null, stop);
        lock (story)
        {
            if (answer.Ending == Ending.Missing)
                NoteMissing(story);
            else if (answer.Ending == Ending.Done && answer.Data.GetProperty("state").GetString() == "completed")
                story.CompletedMs = story.CompletedMs == 0 ? SoakTime.NowMs : story.CompletedMs;
        }
    }

    private static void NoteMissing(TaskStory story)
    {
        if (!story.MayBeSwept(SoakTime.NowMs))
            story.WasMissed |= story.DeleteAskedMs == 0;
        else if (story.Calls.Any(call => call.IsOk) && story.CompletedMs == 0)
            story.CompletedMs = SoakTime.NowMs;
    }

    private async Task<SoakAnswer> AskAsync(
        string function, string key, int node, string path, string? json, CancellationToken stop)
    {
        var index = node % cluster.Nodes.Length;
        var port = cluster.Nodes[index].Ports.Http;
        var process = $"client of node{index}";
        history.Write(process, "invoke", function, key, json ?? path);
        var answer = json is null
            ? await api.GetAsync(port, path, stop)
            : await api.PostAsync(port, path, json, stop);
        var type = answer.Ending switch { Ending.Done => "ok", Ending.Unknown => "info", _ => "fail" };
        history.Write(process, type, function, key, answer.Ending == Ending.Done ? $"{answer.Data}" : $"{answer}");
        return answer;
    }

    private string JsonOf(Plan plan)
    {
        var story = plan.Story;
        var name = plan.Name is null ? "" : $",\"name\":\"{plan.Name}\"";
        // A full disk is noticed when the log needs its next file: large bodies bring that about.
        var fill = cluster.IsSomeDiskFull ? new string('x', LargeBodyChars) : "";
        var body = $$"""{"key":"{{story.Key}}","fail":{{plan.Failures}},"slowMs":{{plan.SlowMs}},"fill":"{{fill}}"}""";
        var callback = $$"""{"url":"{{callbackUrl}}","timeout":10,"body":{{body}}}""";
        var schedule = story.PeriodMs == 0
            ? string.Create(CultureInfo.InvariantCulture, $"\"type\":2,\"format\":\"{story.DueMs / 1000}\"")
            : $"\"type\":1,\"format\":\"@every {story.PeriodMs / 1000}s\",\"max_runs\":{story.Runs},"
                + "\"misfire\":\"fire_all\"";
        return $"{{{schedule}{name},\"retry\":{{\"max_attempts\":20,\"min_backoff\":0.5,\"max_backoff\":2}},"
            + $"\"callback\":{callback}}}";
    }

    /// <summary>What is to become of one task; drawn at once, so that the same seed draws the same.</summary>
    private sealed record Plan(TaskStory Story)
    {
        public string? Name { get; init; }

        public int Failures { get; init; }

        public int SlowMs { get; init; }

        public long? DeleteAtMs { get; init; }

        public double? QueryAfterSeconds { get; init; }

        public int Node { get; init; }
    }
}
