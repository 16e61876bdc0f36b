using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace bench;

/// <summary>A server under load, as a process of its own; ends with the benchmark.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);

    private readonly ProcessStartInfo _start;
    private readonly DirectoryInfo _directory;
    private Process _process;

    private ServerProcess(string program, IEnumerable<string> arguments, DirectoryInfo directory, int port)
    {
        _directory = directory;
        Port = port;
        _start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory.FullName,
            RedirectStandardOutput = true,
        };
        _process = Start();
    }

    public int Port { get; }

    /// <summary>0 where it has none.</summary>
    public int MonitorPort { get; private init; }

    public int ProcessId => _process.Id;

    /// <summary>Where a daemon keeps its log and snapshots.</summary>
    public string DataFolder => Path.Combine(_directory.FullName, "data");

    public static ServerProcess Bare()
    {
        var port = FreePorts(1)[0];
        var program = typeof(ServerProcess).Assembly.Location;
        return new ServerProcess("dotnet", [program, "bare-endpoint", $"{port}"], NewDirectory(), port)
            .Ready($"http://127.0.0.1:{port}/readyz");
    }

    /// <summary>So many daemons that form one cluster; the JIT build unless a binary is named.</summary>
    public static ServerProcess[] Daemons(int count, string? binary = null)
    {
        var ports = FreePorts(count * 3);
        var peers = string.Join(',', Enumerable.Range(0, count).Select(i => $"127.0.0.1:{ports[i * 3 + 2]}"));
        var daemons = new ServerProcess[count];
        for (var i = 0; i < count; i++)
            daemons[i] = StartDaemon(ports[(i * 3)..(i * 3 + 3)], count == 1 ? null : peers, binary);
        for (var i = 0; i < count; i++)
            daemons[i].Ready($"http://127.0.0.1:{ports[i * 3 + 1]}/readyz");
        return daemons;
    }

    /// <summary>The binary that build.sh left at the root; null: there is none.</summary>
    public static string? BuiltBinary()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "XCron.slnx")))
            folder = folder.Parent;
        var path = folder is null ? null : Path.Combine(folder.FullName, "xcron_server");
        return File.Exists(path) ? path : null;
    }

    /// <summary>Ends it by a signal, such as TERM, and starts it again; how long until it was ready.</summary>
    public async Task<TimeSpan> RestartAsync(string signal)
    {
        using (var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]))
            await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        var start = Stopwatch.GetTimestamp();
        _process = Start();
        Ready($"http://127.0.0.1:{MonitorPort}/readyz");
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>SIGKILL: it ends without another instruction.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private static ServerProcess StartDaemon(int[] ports, string? peers, string? binary)
    {
        var directory = NewDirectory();
        List<string> arguments =
        [
            "--http_port", $"{ports[0]}", "--monitor_port", $"{ports[1]}", "--peer_port", $"{ports[2]}",
            "--bind", "127.0.0.1", "--raft_dir", Path.Combine(directory.FullName, "data"), "--log.level", "warning",
        ];
        if (peers is not null)
            arguments.AddRange(["--peer.peer_hosts", peers, "--peer.self", $"127.0.0.1:{ports[2]}"]);
        if (binary is null)
            arguments.Insert(0, Path.Combine(AppContext.BaseDirectory, "XCron.Daemon.dll"));
        return new ServerProcess(binary ?? "dotnet", arguments, directory, ports[0]) { MonitorPort = ports[1] };
    }

    private Process Start()
    {
        var process = Process.Start(_start)
            ?? throw new InvalidOperationException($"{_start.FileName} did not start");
        process.OutputDataReceived += static (_, _) => { }; // drained, so that it never blocks
        process.BeginOutputReadLine();
        return process;
    }

    private ServerProcess Ready(string url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < ReadyLimit)
        {
            try
            {
                using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, url));
                if (answer.IsSuccessStatusCode)
                    return this;
            }
            catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
            {
                // Not listening, or not answering yet; the limit ends this.
            }

            using var pause = new ManualResetEventSlim();
            pause.Wait(TimeSpan.FromMilliseconds(20));
        }

        Dispose();
        throw new TimeoutException($"{url} did not become ready");
    }

    private static DirectoryInfo NewDirectory() => Directory.CreateTempSubdirectory("xcron-bench-");

    public static int[] FreePorts(int count)
    {
        var listeners = new TcpListener[count];
        for (var i = 0; i < count; i++)
        {
            listeners[i] = new TcpListener(IPAddress.Loopback, 0);
            listeners[i].Start();
        }

        var ports = Array.ConvertAll(listeners, listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        foreach (var listener in listeners)
            listener.Stop();
        return ports;
    }
}
