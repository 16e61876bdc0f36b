namespace XCron.Daemon.Diagnostics;

/// <summary>Reads the machine's figures now and then, so that whoever asks for them costs nothing.</summary>
internal sealed class MachineSampler : IAsyncDisposable
{
    private readonly MachineReader _reader;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task? _loop;

    // Written by the loop, read by anybody; a figure a moment old is as good.
    private volatile MachineFigures _latest = new();

    /// <param name="reader">Belongs to the sampler from now on.</param>
    /// <param name="time">What the interval is measured by.</param>
    /// <param name="interval">Between two readings; positive.</param>
    /// <param name="logger">For a failure of the loop.</param>
    public MachineSampler(MachineReader reader, TimeProvider time, TimeSpan interval, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        _reader = reader;
        _time = time;
        _interval = interval;
        _logger = logger;
    }

    /// <summary>All unknown before <see cref="Start"/>.</summary>
    public MachineFigures Latest => _latest;

    /// <summary>Takes a first reading at once. Once only.</summary>
    public void Start()
    {
        if (_loop is not null)
            throw new InvalidOperationException("The sampler was started before.");

        _latest = _reader.Read();
        _loop = RunAsync(_stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_loop is not null)
            await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_interval, _time, cancellationToken);
                _latest = _reader.Read();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped by its owner.
        }
        catch (Exception exception)
        {
            // Old figures would look like a machine at rest.
            _latest = new MachineFigures();
            _logger.MachineFiguresLost(exception);
        }
    }
}
