using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace XCron.Daemon.Diagnostics;

/// <summary>
/// Counts answers by path and code for an observable counter: an addition to a cell, without a tag list or a boxed
/// code for each request.
/// </summary>
internal sealed class RequestCounter
{
    // Paths are constants of the code, so this is never reached by what a client sends.
    private const int MaxSeries = 1000;

    private readonly ConcurrentDictionary<(string Path, int Code), Cell> _cells = new();

    public void Count(string path, int code)
    {
        if (!_cells.TryGetValue((path, code), out var cell))
            cell = _cells.Count < MaxSeries ? _cells.GetOrAdd((path, code), new Cell()) : Overflow();
        Interlocked.Increment(ref cell.Count);
    }

    public IEnumerable<Measurement<long>> Observe() =>
        _cells.Select(series => new Measurement<long>(
            Interlocked.Read(ref series.Value.Count),
            new KeyValuePair<string, object?>("path", series.Key.Path),
            new KeyValuePair<string, object?>("code", series.Key.Code.ToString(CultureInfo.InvariantCulture))));

    private Cell Overflow() => _cells.GetOrAdd(("other", -1), new Cell());

    private sealed class Cell
    {
        // Added to by requests, read by the exporter: both through Interlocked.
        public long Count;
    }
}
