using XCron.Raft.Storage;

namespace XCron.Raft;

/// <summary>
/// What can be done with the data directory of a stopped node that cannot simply be started: it is damaged, or the
/// majority of its cluster is lost for good. Nothing is ever deleted: files that are given up are moved into a folder
/// of the directory. Every step is safe against a crash at any point: it has happened, or not, or the next to open the
/// directory completes it. Holds the directory's lock until it is disposed. Not thread-safe.
/// </summary>
public sealed class RaftRecovery : IDisposable
{
    // No term of what is dropped may come again with other entries, and how far they went may be unknown.
    private const long TermsLeaptOver = 1 << 20;

    private readonly DirectoryLock? _lock;
    private readonly IDisk _disk;
    private readonly DirectoryFindings _findings;

    private RaftRecovery(string path, IDisk disk, DirectoryLock? directoryLock, DirectoryFindings findings)
    {
        Path = path;
        _disk = disk;
        _lock = directoryLock;
        _findings = findings;
        Report = new RaftDirectoryReport(findings);
    }

    /// <summary>Where the directory is.</summary>
    public string Path { get; }

    /// <summary>What the directory held when it was opened.</summary>
    public RaftDirectoryReport Report { get; }

    /// <summary>Opens a directory and reads all of it, which takes as long as its bytes do.</summary>
    /// <param name="path">It must exist.</param>
    /// <exception cref="DirectoryNotFoundException">It does not.</exception>
    /// <exception cref="DirectoryLockedException">A node runs on it.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote some of it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RaftRecovery Open(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no directory {path}.");

        var directoryLock = DirectoryLock.Acquire(path);
        try
        {
            return new RaftRecovery(path, new PosixDisk(path), directoryLock);
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Null for a lock: nobody else can have it.</summary>
    internal RaftRecovery(string path, IDisk disk, DirectoryLock? directoryLock)
        : this(path, disk, directoryLock, Examine(disk))
    {
    }

    /// <summary>
    /// Sets everything aside, and makes the directory that of a new node which knows its cluster and is to be taken in
    /// there (as after <see cref="RaftDirectory.Join"/>). For a member whose cluster has a leader with a quorum, which
    /// then has all that was acknowledged: only that makes this safe, and only the caller can know it.
    /// </summary>
    /// <param name="known">The cluster's membership as its leader told it.</param>
    public RecoveryOutcome JoinAnew(Membership known)
    {
        ArgumentNullException.ThrowIfNull(known);
        if (_findings.Owner is { } owner && owner.ClusterId != known.ClusterId)
        {
            return new RecoveryOutcome.Refused(
                $"{Path} is of cluster {owner.ClusterId}, not of {known.ClusterId}.");
        }

        return SetAside(new() { Node = RaftDirectory.NewNodeId(), ClusterId = known.ClusterId }, known);
    }

    /// <summary>
    /// Sets everything aside and leaves a directory that belongs to no cluster, as a fresh one does. For a node of the
    /// old side of a cluster that was recovered elsewhere: what only it holds is not served any more.
    /// </summary>
    public RecoveryOutcome Leave() => SetAside(new() { Node = RaftDirectory.NewNodeId() }, membership: null);

    /// <summary>
    /// Goes on with what can be read before the damage; what follows is lost, and the damaged files are set aside. For
    /// the only member of its cluster.
    /// </summary>
    public RecoveryOutcome CutDamage()
    {
        if (_findings.Damage.Count == 0)
            return new RecoveryOutcome.Refused($"Nothing in {Path} is damaged.");
        if (_findings.Owner is not { } owner || owner.Node == NodeId.None || _findings.Membership is not { } members)
            return new RecoveryOutcome.Refused($"It cannot be read any more whose data {Path} holds.");
        if (members.Members.Length > 1 || members.Find(owner.Node) is null)
        {
            return new RecoveryOutcome.Refused(
                $"The cluster has other members ({members}), which have what is damaged here: a start repairs it by "
                + "itself once a majority of them is up. Where they are lost for good, force a new cluster.");
        }

        var identity = new NodeIdentity
        {
            Node = owner.Node,
            ClusterId = owner.ClusterId,
            InitialMembership = members.Encode(),
            HasLog = true,
        };
        return Rewrite(identity, members, added: null);
    }

    /// <summary>
    /// For a quorum that is lost for good: makes this node the only member of its cluster, under a new epoch. All that
    /// can be read here is in force, and whatever only others had is lost. Nodes of the older epoch are refused from
    /// then on; they, and new ones, may join with an empty directory.
    /// </summary>
    /// <param name="address">Where peers are to reach this node, "host:port"; null: where they did.</param>
    /// <param name="cutDamage">Goes on with what can be read before the damage, where there is any.</param>
    public RecoveryOutcome ForceNewCluster(string? address, bool cutDamage)
    {
        if (_findings.Owner is not { } owner || _findings.Last == LogIndex.Zero)
            return new RecoveryOutcome.Refused($"{Path} holds no log of a cluster that can be read.");
        if (_findings.Damage.Count > 0 && !cutDamage)
            return new RecoveryOutcome.Refused($"{_findings.Damage[0].Message} See whether another survivor is whole.");

        var node = owner.Node == NodeId.None ? RaftDirectory.NewNodeId() : owner.Node;
        if ((address ?? _findings.Membership?.Find(node)?.Address) is not { } reachedAt)
            return new RecoveryOutcome.Refused("It cannot be read any more where the node was reached; say it.");

        var members = new Membership(owner.ClusterId, [new Member(node, reachedAt)]) { Epoch = Report.Epoch + 1 };
        var identity = new NodeIdentity
        {
            Node = node,
            ClusterId = owner.ClusterId,
            InitialMembership = members.Encode(),
            HasLog = true,
        };
        return Rewrite(identity, members, members);
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock?.Dispose();

    private static DirectoryFindings Examine(IDisk disk)
    {
        Renewal.Finish(disk);
        return DirectoryExamination.Examine(disk);
    }

    private RecoveryOutcome SetAside(NodeIdentity identity, Membership? membership)
    {
        if (NoRoom() is { } refused)
            return refused;

        var encoded = membership is null ? default(ReadOnlyMemory<byte>) : membership.Encode();
        IdentityFile.Save(Renewal.Stage(_disk), identity with { InitialMembership = encoded });
        return new RecoveryOutcome.Done(Renewal.CarryOut(_disk, keep: []), membership);
    }

    private RecoveryOutcome Rewrite(NodeIdentity identity, Membership members, Membership? added)
    {
        if (NoRoom() is { } refused)
            return refused;

        var term = Math.Max(
            Math.Max(_findings.HardState.Term.Value, _findings.LastTerm.Value), _findings.PromisedTerm.Value);
        term += _findings.Damage.Count > 0 ? TermsLeaptOver : 1;
        LogRewrite.Write(Renewal.Stage(_disk), identity, _findings, new Term(term), added);
        return new RecoveryOutcome.Done(Renewal.CarryOut(_disk, _findings.WholeSnapshots), members);
    }

    private RecoveryOutcome.Refused? NoRoom()
    {
        var folders = Renewal.FoldersOf(_disk);
        return folders.Count < Renewal.MaxFolders
            ? null
            : new(
                $"{Path} has {folders.Count} folders of files set aside ({string.Join(", ", folders)}); move them "
                + "away first. A disk that damages files again and again should be replaced.");
    }
}
