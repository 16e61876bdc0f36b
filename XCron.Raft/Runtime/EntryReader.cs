using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>Reads entries that are no longer in memory, for peers that lag, away from the loop and the writer.</summary>
internal sealed class EntryReader(WriteAheadLog log, Func<NodeInput, bool> tell)
    : Station<Effect.LoadEntries>("entry reader", Capacity)
{
    private const int Capacity = 1024; // one for each peer is outstanding at most

    protected override void Work(List<Effect.LoadEntries> batch)
    {
        foreach (var wanted in batch)
            tell(new NodeInput.EntriesLoaded(wanted.Peer, wanted.From, log.Read(wanted.From, wanted.MaxBytes)));
    }
}
