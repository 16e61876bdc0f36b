using System.Reflection;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>
/// What a node really asks of its disk, seen from outside (dotnet/runtime 99445: a flush that was none).
/// </summary>
[Category("EndToEnd")]
[Platform("Linux")]
internal sealed class FlushTraceTests
{
    private const int Proposals = 30;
    private const string DiskCalls = "fsync,fdatasync,sync_file_range,write,pwrite64,pwritev,pwritev2";

    private DirectoryInfo _path = null!;

    [SetUp]
    public void SetUp() => _path = Directory.CreateTempSubdirectory("xcron-trace-");

    [TearDown]
    public void TearDown() => _path.Delete(recursive: true);

    // S70: "exactly one fdatasync per batch, and ack after it; no sync I/O on the core thread".
    [Test]
    public async Task Each_acknowledgement_comes_after_one_write_and_one_sync_and_the_loop_makes_none()
    {
        var calls = await SystemCalls.OfAsync(
            DiskCalls,
            Environment.ProcessPath!,
            Assembly.GetExecutingAssembly().Location,
            AcknowledgingNode.Command,
            _path.FullName,
            $"{Proposals}");
        if (calls is null)
            Assert.Ignore("strace is not installed, or may not trace here.");

        var flushes = FlushesBeforeEachAcknowledgement(calls!);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(flushes, Has.Count.EqualTo(Proposals));
            Assert.That(flushes, Has.None.EqualTo(0), "an acknowledgement without a sync");

            // An idle writer confirms its last batch by one more; a machine with other work makes it idle.
            Assert.That(flushes, Has.All.LessThanOrEqualTo(2), "syncs for one batch");
            Assert.That(flushes.Count(static count => count == 1), Is.GreaterThan(Proposals / 2));
        }

        var loop = calls!.ThreadNamed("xcron-raft loop");
        Assert.That(loop, Is.Not.Null);
        Assert.That(calls.All.Where(call => call.Thread == loop && IsOnDisk(call, _path.FullName)), Is.Empty);
    }

    private static List<int> FlushesBeforeEachAcknowledgement(SystemCalls calls)
    {
        var flushes = new List<int>();
        var (writes, syncs, allSyncs) = (0, 0, 0);
        foreach (var call in calls.All)
        {
            var isOfLog = call.Text.Contains("/log-", StringComparison.Ordinal);
            if (isOfLog && call.Text.StartsWith("pwrite", StringComparison.Ordinal))
                writes++;
            else if (isOfLog && call.Text.StartsWith('f'))
                syncs++;
            else if (call.Text.Contains("\"acknowledged ", StringComparison.Ordinal))
            {
                // The first one has the election before it, and what was written to begin the log.
                flushes.Add(flushes.Count == 0 ? Math.Min(syncs, 1) : syncs);
                (allSyncs, syncs) = (allSyncs + syncs, 0);
            }
        }

        Assert.That(writes, Is.EqualTo(allSyncs + syncs), "one write for one sync");
        return flushes;
    }

    private static bool IsOnDisk(SystemCalls.Call call, string path) =>
        call.Text.Contains($"<{path}", StringComparison.Ordinal);
}
