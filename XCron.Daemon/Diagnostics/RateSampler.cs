using XCron.Daemon.State;

namespace XCron.Daemon.Diagnostics;

/// <summary>
/// Keeps the counters of the last minute, so that whoever asks learns how much happens a second, however seldom they
/// ask. Begins anew whenever the node has to catch up: what it applies then happened at other times.
/// </summary>
internal sealed class RateSampler(Func<StateCounters> counters, Func<bool> isUpToDate, TimeProvider time)
    : IAsyncDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A minute, and the reading that it begins with.</summary>
    private const int MostReadings = 13;

    /// <summary>Over less there is no rate to speak of.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();

    // Oldest first; written by the loop, read by requests.
    private readonly Queue<(long Timestamp, StateCounters Counters)> _readings = new(MostReadings);
    private Task _loop = Task.CompletedTask;

    /// <summary>Null while the node catches up, and within the first second after that.</summary>
    public RateFigures? Read()
    {
        (long Timestamp, StateCounters Counters) first;
        lock (_gate)
        {
            if (!_readings.TryPeek(out first))
                return null;
        }

        var span = time.GetElapsedTime(first.Timestamp);
        return span < Least ? null : RateFigures.Between(first.Counters, counters(), span.TotalSeconds);
    }

    /// <summary>Takes a first reading at once. Once only.</summary>
    public void Start()
    {
        Take();
        _loop = RunAsync(_stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private void Take()
    {
        var isFresh = isUpToDate();
        var reading = (time.GetTimestamp(), counters());
        lock (_gate)
        {
            if (!isFresh)
                _readings.Clear();
            else if (_readings.Count == MostReadings)
                _readings.Dequeue();
            if (isFresh)
                _readings.Enqueue(reading);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, cancellationToken);
                Take();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped by its owner.
        }
    }
}
