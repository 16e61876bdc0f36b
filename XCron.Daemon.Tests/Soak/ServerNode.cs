using System.Diagnostics;
using XCron.Daemon.Tests.EndToEnd;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// One server as a process: started, killed, paused, ended. What it prints goes to a file. Used by one caller at a
/// time, but for <see cref="ProcessId"/> and <see cref="EndedByItself"/>.
/// </summary>
internal sealed class ServerNode : IAsyncDisposable
{
    /// <summary>What a server says where its end cut something off.</summary>
    private const string CutOffLine = "results not recorded; the next owner sends them";

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    private readonly ServerCommand _command;
    private readonly StreamWriter _output;
    private readonly Lock _outputGate = new();
    private Process? _process;
    private volatile bool _isEndWanted;
    private volatile int _processId;
    private volatile bool _wasCutOff;

    public ServerNode(int index, Ports ports, string folder, ServerCommand command)
    {
        Index = index;
        Ports = ports;
        _command = command;
        Folder = folder;
        DataFolder = Path.Combine(folder, $"node{index}");
        Clock = new SkewedClock(Path.Combine(folder, $"clock{index}"));
        Directory.CreateDirectory(DataFolder);
        _output = new StreamWriter(Path.Combine(folder, $"node{index}.log")) { AutoFlush = true };
    }

    public int Index { get; }

    public Ports Ports { get; }

    public string Folder { get; }

    public string DataFolder { get; }

    public SkewedClock Clock { get; }

    /// <summary>Whether the process that runs goes by <see cref="Clock"/>.</summary>
    public bool IsClockOurs { get; private set; }

    /// <summary>0: none runs.</summary>
    public int ProcessId => _processId;

    /// <summary>Whether the last process that was asked to end had to cut callbacks or their results off.</summary>
    public bool WasCutOff => _wasCutOff;

    /// <summary>Why, where the process ended though nobody asked it to.</summary>
    public string? EndedByItself { get; private set; }

    /// <param name="withClock">Whether its clock can be set wrong.</param>
    public void Start(bool withClock)
    {
        var arguments = _command.ArgumentsOf(this);
        var start = new ProcessStartInfo(_command.Program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        // The configuration of whoever runs the soak is not the one to be tried.
        var ours = start.Environment.Keys.Where(name => name.StartsWith("XCRON_", StringComparison.Ordinal));
        foreach (var name in ours.ToArray())
            start.Environment.Remove(name);
        IsClockOurs = withClock && SkewedClock.IsAvailable;
        if (IsClockOurs)
            Clock.AddTo(start.Environment);

        _isEndWanted = false;
        _wasCutOff = false;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Exited += (_, _) => Ended(process);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        _processId = process.Id;
        Keep($"--- process {process.Id}{(IsClockOurs ? ", with a clock of ours" : "")}");
    }

    /// <summary>kill -9; also one that is paused.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;

        _isEndWanted = true;
        _process.Kill();
        await EndAsync();
    }

    /// <summary>SIGTERM; the exit code, or null: it did not end and was killed.</summary>
    public async Task<int?> StopAsync()
    {
        if (_process is not { } process)
            return 0;

        _isEndWanted = true;
        await SignalAsync("TERM");
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            var code = process.ExitCode;
            await EndAsync();
            return code;
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return null;
        }
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_processId}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        lock (_outputGate)
            _output.Dispose();
    }

    private async Task EndAsync()
    {
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        _processId = 0;
    }

    private void Ended(Process process)
    {
        if (!_isEndWanted)
            EndedByItself = $"node{Index} ended by itself with exit code {process.ExitCode}";
    }

    private void Keep(string? line)
    {
        lock (_outputGate)
        {
            if (line?.Contains(CutOffLine, StringComparison.Ordinal) == true)
                _wasCutOff = true;
            if (line is not null && _output.BaseStream.CanWrite)
                _output.WriteLine(line);
        }
    }
}
