using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>The built daemon as a process of its own, on free loopback ports and a directory of its own.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);

    private readonly List<string> _arguments;
    private readonly StringBuilder _output = new();
    private readonly HttpClient _http;
    private Process? _process;

    public DaemonProcess(string directory, Ports ports, params string[] more)
    {
        Ports = ports;
        Directory = directory;
        var address = new Uri($"http://127.0.0.1:{ports.Http}");
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
        _arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "XCron.Daemon.dll"),
            "--http_port", $"{ports.Http}",
            "--monitor_port", $"{ports.Monitor}",
            "--peer_port", $"{ports.Peer}",
            "--bind", "127.0.0.1",
            "--raft_dir", directory,
            .. more,
        ];
    }

    public Ports Ports { get; }

    public string Directory { get; }

    /// <summary>Where the others find it.</summary>
    public string Address => $"127.0.0.1:{Ports.Peer}";

    /// <summary>What its next start finds in its environment besides.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What it printed; for the message of a failure.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public void Start()
    {
        _process = Process.Start(StartOf(_arguments)) ?? throw new InvalidOperationException("dotnet did not start.");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Task WaitUntilReadyAsync() => WaitUntilAnsweredAsync("readyz");

    /// <summary>Until the process answers, whatever it has to wait for itself.</summary>
    public Task WaitUntilLiveAsync() => WaitUntilAnsweredAsync("livez");

    /// <summary>What /readyz answers, or why it does not.</summary>
    public async Task<string> ReadinessAsync()
    {
        try
        {
            return await _http.GetAsync(new Uri($"http://127.0.0.1:{Ports.Monitor}/readyz")) is var answer
                ? await answer.Content.ReadAsStringAsync()
                : "";
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Another process of the same configuration with a command in front, to its end.</summary>
    /// <returns>The exit code, and what it printed.</returns>
    public async Task<(int Code, string Output)> RunAsync(params string[] command)
    {
        var start = StartOf([_arguments[0], .. command, .. _arguments.Skip(1)]);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Waits for it to end by itself.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        await _process!.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;

        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>By its name, such as STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan atMost)
    {
        await SignalAsync("TERM");
        using var limit = new CancellationTokenSource(atMost);
        await _process!.WaitForExitAsync(limit.Token);
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    public async Task<JsonElement> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        return await ReadAsync(answer);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(answer);
    }

    /// <summary>Creates a one-shot and returns its id; the code must be 0.</summary>
    public async Task<string> CreateOneShotAsync(long dueUnixSeconds, string url, string body = "{}")
    {
        var answer = await PostAsync(
            "/xcron/createTask",
            $$$"""{"type":2,"format":"{{{dueUnixSeconds}}}","callback":{"url":"{{{url}}}","body":{{{body}}}}}""");
        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());
        return answer.GetProperty("data").GetProperty("task_id").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
    }

    private ProcessStartInfo StartOf(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };

        // The configuration of whoever runs the tests is not the one to be tested.
        var ours = start.Environment.Keys.Where(name => name.StartsWith("XCRON_", StringComparison.Ordinal));
        foreach (var name in ours.ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return start;
    }

    private void Keep(string? line)
    {
        const int MaxChars = 4_000_000;
        lock (_output)
        {
            if (line is not null && _output.Length < MaxChars)
                _output.AppendLine(line);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private async Task WaitUntilAnsweredAsync(string path)
    {
        var start = Stopwatch.GetTimestamp();
        var reason = "no answer";
        while (Stopwatch.GetElapsedTime(start) < ReadyLimit)
        {
            try
            {
                var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{Ports.Monitor}/{path}"));
                if (answer.IsSuccessStatusCode)
                    return;
                reason = await answer.Content.ReadAsStringAsync();
            }
            catch (HttpRequestException failure)
            {
                reason = failure.Message;
            }

            Assert.That(IsRunning, $"the daemon ended: {Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Fail($"no good answer from /{path} after {ReadyLimit.TotalSeconds} s: {reason}\n{Output}");
    }
}

/// <summary>Three ports that were free a moment ago.</summary>
internal sealed record Ports(int Http, int Monitor, int Peer)
{
    public static Ports Free() => FreePorts.Take(3) is [var http, var monitor, var peer]
        ? new Ports(http, monitor, peer)
        : throw new InvalidOperationException("Three ports were asked for.");
}
