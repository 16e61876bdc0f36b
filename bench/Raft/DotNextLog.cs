using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace bench.Raft;

/// <summary>
/// The log of DotNext.Net.Cluster alone. An append is written to a memory-mapped page; here each batch is committed and
/// then flushed, so that it is on its disk as ours is.
/// </summary>
internal static class DotNextLog
{
    private const int Batch = 1000;
    private static readonly byte[] Payload = new byte[ClosedLoop.EntryBytes];

    public static async Task<Measurement> AppendAsync(int batch)
    {
        using var scratch = new ScratchDirectory();
        await using var log = await OpenAsync(scratch.Path);
        return await LogProfile.RunAsync(batch, async () =>
        {
            await PutAsync(log, batch);
            await log.FlushAsync();
        });
    }

    /// <returns>Until it is open, and until everything is applied.</returns>
    public static async Task<(TimeSpan Started, TimeSpan Applied)> RestartAsync()
    {
        using var scratch = new ScratchDirectory();
        var last = 0L;
        await using (var log = await OpenAsync(scratch.Path))
        {
            for (var written = 0; written < RestartProfile.Entries; written += Batch)
                last = await PutAsync(log, Batch);
            await log.FlushAsync();
        }

        var start = TimeProvider.System.GetTimestamp();
        await using var again = await OpenAsync(scratch.Path);
        var started = TimeProvider.System.GetElapsedTime(start);
        await again.WaitForApplyAsync(last);
        return (started, TimeProvider.System.GetElapsedTime(start));
    }

    private static async Task<WriteAheadLog> OpenAsync(string location)
    {
        var machine = new DotNextMachine(new DirectoryInfo(Path.Combine(location, "db")));
        await machine.RestoreAsync(CancellationToken.None);
        var log = new WriteAheadLog(new WriteAheadLog.Options { Location = location, ChunkSize = 16 << 20 }, machine);
        await log.InitializeAsync();
        return log;
    }

    private static async Task<long> PutAsync(WriteAheadLog log, int count)
    {
        var last = 0L;
        for (var i = 0; i < count; i++)
            last = await log.AppendAsync(new BinaryLogEntry { Content = Payload, Term = 1 });
        await log.CommitAsync(last);
        return last;
    }
}
