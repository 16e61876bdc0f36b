using System.Runtime.InteropServices;

namespace XCron.Daemon.Firing;

/// <summary>
/// Due tasks on their way from the timing loop to the claims, oldest first. Bounded by the tasks of this node's shards:
/// each is in it at most once, until it is released. Thread-safe.
/// </summary>
internal sealed class DueQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<long> _tasks = new();
    private readonly Signal _signal = new();

    public void Add(List<long> tasks)
    {
        lock (_gate)
        {
            foreach (var task in CollectionsMarshal.AsSpan(tasks))
                _tasks.Enqueue(task);
        }

        _signal.Set();
    }

    /// <summary>Adds up to so many to the list; returns whether more are left.</summary>
    public bool Take(List<long> taken, int most)
    {
        lock (_gate)
        {
            while (taken.Count < most && _tasks.TryDequeue(out var task))
                taken.Add(task);
            return _tasks.Count > 0;
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => _signal.WaitAsync(cancellationToken);
}
