namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>The daemons of a test, each with a directory of its own; with the group they end and their data goes.
/// </summary>
internal sealed class DaemonGroup : IAsyncDisposable
{
    private readonly List<DaemonProcess> _daemons = [];

    public IReadOnlyList<DaemonProcess> All => _daemons;

    public DaemonProcess this[int place] => _daemons[place];

    /// <summary>Another one, not yet started.</summary>
    /// <param name="more">Options of the command line.</param>
    public DaemonProcess Add(params string[] more) => AddAt(Ports.Free(), more);

    public DaemonProcess AddAt(Ports ports, params string[] more) =>
        AddIn(Directory.CreateTempSubdirectory("xcron-e2e-").FullName, ports, more);

    /// <summary>Three that form a cluster; returns when all are ready.</summary>
    /// <param name="more">What each has on its command line besides.</param>
    /// <param name="prepare">Told of each by its place, before it starts.</param>
    public async Task StartThreeAsync(
        Func<int, string[]>? more = null, Action<DaemonProcess, int>? prepare = null)
    {
        var ports = new[] { Ports.Free(), Ports.Free(), Ports.Free() };
        for (var i = 0; i < ports.Length; i++)
        {
            var daemon = AddAt(ports[i], [.. Peering(ports, i), .. more?.Invoke(i) ?? []]);
            prepare?.Invoke(daemon, i);
        }

        await StartAllAsync();
    }

    /// <summary>All end, and start again with their data at other addresses.</summary>
    public async Task MoveAllAsync()
    {
        var directories = _daemons.ConvertAll(static daemon => daemon.Directory);
        await EndAllAsync();
        var ports = directories.ConvertAll(static _ => Ports.Free()).ToArray();
        for (var i = 0; i < ports.Length; i++)
            AddIn(directories[i], ports[i], Peering(ports, i));
        await StartAllAsync();
    }

    /// <summary>Who leads, in the words of one that may not have heard of it yet.</summary>
    public async Task<(DaemonProcess Leader, long Term)> LeaderAsync(DaemonProcess asked)
    {
        DaemonProcess? leader = null;
        var term = 0L;
        await Eventually.HoldsAsync(
            async () =>
            {
                var data = (await asked.GetAsync("/xcron/cluster")).GetProperty("data");
                leader = _daemons.Find(daemon => daemon.Address == data.GetProperty("leader").GetString());
                term = data.GetProperty("term").GetInt64();
                return leader is { IsRunning: true };
            },
            () => $"nobody leads\n{asked.Output}");
        return (leader!, term);
    }

    public async ValueTask DisposeAsync()
    {
        var directories = _daemons.ConvertAll(static daemon => daemon.Directory);
        await EndAllAsync();
        foreach (var directory in directories)
            Directory.Delete(directory, recursive: true);
    }

    private static string[] Peering(Ports[] ports, int self) =>
    [
        "--peer.peer_hosts", string.Join(",", ports.Select(static port => $"127.0.0.1:{port.Peer}")),
        "--peer.self", $"127.0.0.1:{ports[self].Peer}",
    ];

    private DaemonProcess AddIn(string directory, Ports ports, string[] more)
    {
        var daemon = new DaemonProcess(directory, ports, more);
        _daemons.Add(daemon);
        return daemon;
    }

    private async Task StartAllAsync()
    {
        foreach (var daemon in _daemons)
            daemon.Start();
        foreach (var daemon in _daemons)
            await daemon.WaitUntilReadyAsync();
    }

    private async Task EndAllAsync()
    {
        foreach (var daemon in _daemons)
            await daemon.DisposeAsync();
        _daemons.Clear();
    }
}
