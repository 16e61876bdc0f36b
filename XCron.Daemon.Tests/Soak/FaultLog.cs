namespace XCron.Daemon.Tests.Soak;

/// <summary>When which fault was on. Thread-safe.</summary>
internal sealed class FaultLog(SoakHistory history)
{
    private readonly Lock _gate = new();
    private readonly List<FaultWindow> _windows = [];

    /// <summary>All windows; one that has not ended lasts for ever.</summary>
    public FaultWindow[] Windows
    {
        get
        {
            lock (_gate)
                return [.. _windows];
        }
    }

    /// <returns>Ends the window.</returns>
    public Action Begin(FaultKind kind, int node, string detail, long aheadMs = 0)
    {
        var window = new FaultWindow(kind, node, SoakTime.NowMs, long.MaxValue) { AheadMs = aheadMs };
        int at;
        lock (_gate)
        {
            at = _windows.Count;
            _windows.Add(window);
        }

        history.Write("nemesis", "invoke", FaultNames.Of(kind), $"node{node}", detail);
        return () =>
        {
            lock (_gate)
                _windows[at] = window with { ToMs = SoakTime.NowMs };
            history.Write("nemesis", "ok", FaultNames.Of(kind), $"node{node}", detail);
        };
    }

    public void Add(FaultWindow window)
    {
        lock (_gate)
            _windows.Add(window);
        history.Write("nemesis", "info", FaultNames.Of(window.Kind), $"node{window.Node}", null);
    }
}
