using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>The stations and stores of one node, made by <see cref="NodeAssembly"/>.</summary>
internal sealed record NodeParts
{
    public required WriteAheadLog Log { get; init; }

    public required IRaftTransport Transport { get; init; }

    public required LogWriter Writer { get; init; }

    public required EntryReader Reader { get; init; }

    public required Applier Applier { get; init; }

    public required PendingProposals Pending { get; init; }

    public required ReadBarriers Reads { get; init; }

    public required SnapshotInstaller Installer { get; init; }

    public required SnapshotKeeper Keeper { get; init; }
}
