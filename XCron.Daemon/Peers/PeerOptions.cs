namespace XCron.Daemon.Peers;

/// <summary>How a daemon deals with the others.</summary>
internal sealed class PeerOptions
{
    /// <summary>
    /// The largest message on any stream between daemons; the server must allow it (MaxReceiveMessageSize). A batch of
    /// forwarded commands stays under 1 MiB unless a single command is larger.
    /// </summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>The largest command that fits into a message with room for what surrounds it.</summary>
    public const int MaxCommandBytes = MaxMessageBytes - 1024;

    /// <summary>Where peers reach this node, "host:port", as it stands in peer_hosts.</summary>
    public required string Address { get; init; }

    /// <summary>What every daemon of the cluster must know; empty: none is asked for.</summary>
    public string SharedSecret { get; init; } = "";

    /// <summary>A node that was silent so long loses its shards. Default 2 s: four reports may be lost.</summary>
    public TimeSpan OwnerTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a command or a read waits for a leader and its answer. Default 3 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a node tells each other node how it is. Default 500 ms.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long connecting to a peer, and its first answer, may take. Default 1 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The shortest and longest wait before a broken stream is opened again.</summary>
    public TimeSpan LeastBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan MostBackoff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Commands on their way to the leader, or waiting for one, at most. Default 10,000.</summary>
    public int MaxWaitingCommands { get; init; } = 10_000;

    /// <summary>Bytes of commands on their way to the leader, or waiting for one, at most. Default 64 MiB.</summary>
    public long MaxWaitingBytes { get; init; } = 64L * 1024 * 1024;
}
