using XCron.Raft;
using XCron.Raft.Grpc;
using XCron.Raft.Storage;

namespace bench.Raft;

/// <summary>How long a node takes from its start to having applied all of a long log; no snapshot helps it.</summary>
internal static class RestartProfile
{
    public const int Entries = 1_000_000;

    private const int Batch = 1000;

    /// <returns>Until it is started, and until everything is applied.</returns>
    public static async Task<(TimeSpan Started, TimeSpan Applied)> RunAsync()
    {
        using var scratch = new ScratchDirectory();
        using var directory = RaftDirectory.Open(scratch.Path);
        var membership = new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]);
        directory.Form(membership);
        Write(new PosixDisk(scratch.Path), new LogIdentity(membership.ClusterId, directory.NodeId), membership);

        var machine = new CountingMachine();
        var options = new RaftOptions { SnapshotLogBytes = long.MaxValue };
        var start = TimeProvider.System.GetTimestamp();
        await using var node = await RaftNode.StartAsync(
            directory, options, machine, new GrpcRaftTransport(new GrpcTransportOptions()));
        var started = TimeProvider.System.GetElapsedTime(start);
        while (machine.Count < Entries)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        return (started, TimeProvider.System.GetElapsedTime(start));
    }

    private static void Write(IDisk disk, LogIdentity identity, Membership membership)
    {
        using var log = WriteAheadLog.Open(disk, identity, new LogOptions(), null);
        var hardState = new HardState(new Term(1), NodeId.None);
        var next = new LogIndex(1);
        log.Append(null, null, [new LogEntry(next, hardState.Term, EntryKind.Configuration, membership.Encode())],
            hardState, next);
        var payload = new byte[ClosedLoop.EntryBytes];
        var batch = new LogEntry[Batch];
        for (var written = 0; written < Entries; written += Batch)
        {
            for (var i = 0; i < Batch; i++)
                batch[i] = new LogEntry(next = next.Next, hardState.Term, EntryKind.Command, payload);
            log.Append(null, null, batch, hardState, next);
            log.Flush();
        }
    }
}
