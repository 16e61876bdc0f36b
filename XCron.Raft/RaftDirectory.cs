using System.Security.Cryptography;
using XCron.Raft.Storage;

namespace XCron.Raft;

/// <summary>
/// A node's data directory: its identity, made once and at random, and a lock that keeps every other process out until
/// it is disposed. Not thread-safe.
/// </summary>
public sealed class RaftDirectory : IDisposable
{
    private readonly DirectoryLock _lock;
    private NodeIdentity _identity;

    private RaftDirectory(string path, PosixDisk disk, DirectoryLock directoryLock, NodeIdentity identity)
    {
        Path = path;
        Disk = disk;
        _lock = directoryLock;
        _identity = identity;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The node's identity; it never changes and never returns once the directory is lost.</summary>
    public NodeId NodeId => _identity.Node;

    /// <summary>
    /// The configuration that the log begins with; null until <see cref="Form"/>. After <see cref="Join"/>, the one
    /// that was given there.
    /// </summary>
    public Membership? InitialMembership =>
        _identity.IsFormed ? Membership.Decode(_identity.InitialMembership.Span) : null;

    /// <summary>Whether the node came to its cluster by <see cref="Join"/>.</summary>
    public bool HasJoined => InitialMembership is { } initial && initial.Find(NodeId) is null;

    internal IDisk Disk { get; }

    /// <summary>
    /// Opens a directory, creating it and the identity in it where there is none. What is created is on disk when this
    /// returns. May be called again after a failure.
    /// </summary>
    /// <param name="path">On a local disk whose fsync can be trusted.</param>
    /// <exception cref="DirectoryLockedException">Another process has it.</exception>
    /// <exception cref="DiskFullException">No space for the identity.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    /// <exception cref="LogDamagedException">The identity file is damaged.</exception>
    public static RaftDirectory Open(string path)
    {
        Directory.CreateDirectory(path);
        var directoryLock = DirectoryLock.Acquire(path);
        try
        {
            var disk = new PosixDisk(path);
            Renewal.Finish(disk);
            var identity = IdentityFile.LoadOrCreate(disk, Draw);
            return new RaftDirectory(path, disk, directoryLock, identity);
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes the node part of a cluster, once and for ever. Every node of the first configuration must be given the
    /// same.
    /// </summary>
    /// <param name="initial">This node is a voter in it.</param>
    /// <exception cref="InvalidOperationException">It already belongs to one.</exception>
    public void Form(Membership initial)
    {
        ArgumentNullException.ThrowIfNull(initial);
        if (!initial.IsVoter(NodeId))
            throw new ArgumentException($"This node, {NodeId}, is no voter in {initial}.", nameof(initial));

        Bind(initial);
    }

    /// <summary>
    /// Makes the node ready to be taken into a cluster that exists, once and for ever: it starts with an empty log,
    /// neither votes for itself nor counts, and receives everything from the leader once it has been added there
    /// (<see cref="RaftNode.AddLearnerAsync"/>). Safe to follow by a crash at any point: start the node, and ask again.
    /// </summary>
    /// <param name="known">
    /// The cluster's membership as somebody told it. It says which cluster this is and who may be connected to; the log
    /// supersedes it. This node is not in it.
    /// </param>
    /// <exception cref="InvalidOperationException">It already belongs to one.</exception>
    public void Join(Membership known)
    {
        ArgumentNullException.ThrowIfNull(known);
        if (known.Find(NodeId) is not null)
            throw new ArgumentException($"This node, {NodeId}, is a member already: {known}.", nameof(known));

        Bind(known);
    }

    internal static NodeId NewNodeId() => new(Draw());

    /// <summary>
    /// Before anything is promised: the log is there, and from now on its absence is damage. The order is identity
    /// formed, log begun, this; after a crash between any two the next start goes on from there.
    /// </summary>
    internal void MarkLogBegun()
    {
        if (_identity.HasLog)
            return;

        _identity = _identity with { HasLog = true };
        IdentityFile.Save(Disk, _identity);
    }

    /// <exception cref="LogDamagedException">The log was begun and is not there any more.</exception>
    internal void RequireLog()
    {
        if (_identity.HasLog && !Disk.List().Any(static name => LogSegment.IsName(name, out _)))
        {
            throw new LogDamagedException(
                LogSegment.NameFor(1), 0, $"the log is missing; file {IdentityFile.Name} says that it was begun.");
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.Dispose();

    private void Bind(Membership initial)
    {
        if (InitialMembership is not null)
            throw new InvalidOperationException($"{Path} already belongs to cluster {InitialMembership.ClusterId}.");

        _identity = _identity with { ClusterId = initial.ClusterId, InitialMembership = initial.Encode() };
        IdentityFile.Save(Disk, _identity);
    }

    private static ulong Draw()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1; // never 0
    }
}
