using System.Runtime.CompilerServices;

namespace XCron.Raft.Runtime;

/// <summary>
/// The changes of something as a chain: each watcher holds its own place in it, so none misses an edge, and what every
/// watcher has passed is garbage.
/// </summary>
internal sealed class ChangeLog<T>(T first)
{
    private volatile Link _last = new(first);

    public T Current => _last.Change;

    /// <summary>Called by the loop only.</summary>
    public void Add(T change)
    {
        var link = new Link(change);
        var before = _last;
        _last = link;
        before.Next.SetResult(link);
    }

    /// <summary>No more will come: watchers end.</summary>
    public void Close() => _last.Next.TrySetResult(null);

    /// <summary>The current state, then every change, until the node stops.</summary>
    public async IAsyncEnumerable<T> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (Link? link = _last; link is not null;)
        {
            yield return link.Change;
            link = await link.Next.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private sealed class Link(T change)
    {
        public T Change => change;

        public TaskCompletionSource<Link?> Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
