namespace XCron.Daemon.Tests.Soak;

/// <summary>How a server is started: which program, with which arguments.</summary>
/// <param name="Program">The binary, or dotnet.</param>
/// <param name="First">What comes before the server's own arguments: the library that dotnet runs.</param>
/// <param name="Peers">All peers' addresses, by node.</param>
internal sealed record ServerCommand(string Program, string? First, string[] Peers)
{
    /// <summary>The binary named, or else the one that build.sh leaves at the root; null: there is none.</summary>
    public static string? Find(string? named)
    {
        if (named is not null)
            return File.Exists(named) ? Path.GetFullPath(named) : null;

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")))
            folder = folder.Parent;
        var path = folder is null ? null : Path.Combine(folder.FullName, "xcron_server");
        return File.Exists(path) ? path : null;
    }

    public static ServerCommand For(string path, string[] peers) =>
        path.EndsWith(".dll", StringComparison.Ordinal)
            ? new ServerCommand("dotnet", path, peers)
            : new ServerCommand(path, null, peers);

    /// <remarks>A small log, so that segments and snapshots come and go while the soak lasts.</remarks>
    public IEnumerable<string> ArgumentsOf(ServerNode node)
    {
        string[] arguments =
        [
            "--http_port", $"{node.Ports.Http}",
            "--monitor_port", $"{node.Ports.Monitor}",
            "--peer_port", $"{node.Ports.Peer}",
            "--bind", "127.0.0.1",
            "--raft_dir", node.DataFolder,
            "--peer.peer_hosts", string.Join(',', Peers),
            "--peer.self", Peers[node.Index],
            "--raft.segment_bytes", $"{1 << 20}",
            "--raft.snapshot_log_bytes", $"{2 << 20}",
            "--completed_retention", $"{SoakCluster.Retention.TotalSeconds}",
        ];
        return First is null ? arguments : [First, .. arguments];
    }
}
