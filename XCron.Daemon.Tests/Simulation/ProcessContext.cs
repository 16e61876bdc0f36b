namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Where everything asynchronous of one simulated process goes on: in the order it became ready, when the simulation
/// turns the process, and never once it is dead. What strayed to another thread would be no simulation any more, so it
/// is told.
/// </summary>
internal sealed class ProcessContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile string? _strayed;
    private bool _isDead;

    public bool HasWork => _ready.Count > 0 || _strayed is not null;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            _strayed = Environment.StackTrace;
        else if (!_isDead)
            _ready.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Does something as the process, such as starting what is asynchronous.</summary>
    public void Do(Action work)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            work();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>
    /// Goes on with what is ready now; to be called as the process. Returns whether there was anything.
    /// </summary>
    public bool Drain()
    {
        if (_strayed is { } trace)
            throw new InvalidOperationException($"Work of a simulated process went to another thread: {trace}");

        var count = _ready.Count;
        for (var i = 0; i < count && _ready.TryDequeue(out var work); i++)
            work.Callback(work.State);
        return count > 0;
    }

    public void Die()
    {
        _isDead = true;
        _ready.Clear();
    }
}
