using System.Globalization;

namespace bench.Raft;

/// <summary>
/// The library without the scheduler, beside another one in the same run: each line several times in turn with the
/// others, and the run in the middle is what is printed.
/// </summary>
internal static class RaftProfile
{
    private const int Rounds = 3;

    private static readonly int[] Batches = [1, 64, 512];

    private static readonly Dictionary<string, Func<Task>> Parts = new()
    {
        ["core"] = CoreAsync,
        ["log"] = LogAsync,
        ["nodes"] = NodesAsync,
        ["restart"] = RestartAsync,
    };

    /// <param name="names">Which parts; none for all.</param>
    public static async Task RunAsync(string[] names)
    {
        foreach (var name in names.Length == 0 ? [.. Parts.Keys] : names)
        {
            if (!Parts.TryGetValue(name, out var run))
                throw new ArgumentException($"{name} is none of {string.Join(", ", Parts.Keys)}.");
            await run();
        }
    }

    private static Task CoreAsync() => CompareAsync(
        "The core alone, 256 proposals in flight",
        ("one core", () => Task.FromResult(CoreProfile.Run(1))),
        ("three cores", () => Task.FromResult(CoreProfile.Run(3))));

    private static Task LogAsync() => CompareAsync(
        "The log alone, on its disk after each batch; entries of 250 bytes",
        [.. Batches.SelectMany(static batch => new (string, Func<Task<Measurement>>)[]
        {
            ($"XCron.Raft, batches of {batch}", () => LogProfile.AppendAsync(batch)),
            ("the bare file", () => LogProfile.BareAsync(batch)),
            ("DotNext.Net.Cluster, committed and flushed", () => DotNextLog.AppendAsync(batch)),
        })]);

    private static Task NodesAsync() => CompareAsync(
        $"Nodes in one process, {ClosedLoop.Writers} writers, entries of {ClosedLoop.EntryBytes} bytes",
        ("XCron.Raft, one node; on its disk before the answer", () => MeasureAsync(1)),
        ("XCron.Raft, three nodes over gRPC; on two disks before the answer", () => MeasureAsync(3)),
        ("DotNext.Net.Cluster, one node; in memory, synced afterwards", () => RivalAsync(1)),
        ("DotNext.Net.Cluster, three nodes over TCP; in memory, synced afterwards", () => RivalAsync(3)));

    private static async Task RestartAsync()
    {
        Console.WriteLine($"Restart with {RestartProfile.Entries:N0} entries and no snapshot, {Rounds} times");
        for (var round = 0; round < Rounds; round++)
        {
            Say("XCron.Raft", await RestartProfile.RunAsync());
            Say("DotNext.Net.Cluster, its log and state machine alone", await DotNextLog.RestartAsync());
        }
    }

    private static void Say(string name, (TimeSpan Started, TimeSpan Applied) took) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-76} | started {took.Started.TotalSeconds:N2} s, applied after {took.Applied.TotalSeconds:N2} s"));

    private static async Task<Measurement> MeasureAsync(int nodes)
    {
        await using var cluster = await NodeCluster.StartAsync(nodes);
        return await ClosedLoop.RunAsync(cluster.ProposeAsync);
    }

    private static async Task<Measurement> RivalAsync(int nodes)
    {
        await using var cluster = await DotNextCluster.StartAsync(nodes);
        return await ClosedLoop.RunAsync(cluster.ProposeAsync);
    }

    private static async Task CompareAsync(string title, params (string Name, Func<Task<Measurement>> Run)[] lines)
    {
        var runs = Array.ConvertAll(lines, _ => new List<Measurement>());
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < lines.Length; i++)
                runs[i].Add(await lines[i].Run());
        }

        Console.WriteLine($"{title}\n{"",-76} | {Measurement.Columns}");
        for (var i = 0; i < lines.Length; i++)
            Console.WriteLine($"{lines[i].Name,-76} | {Measurement.MedianOf(runs[i])}");
        Console.WriteLine();
    }
}
