using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>The link to whoever leads; those to former leaders end by themselves once empty. Thread-safe.</summary>
internal sealed class ForwardLinks(
    IPeerDialer dialer, PeerOptions options, TimeProvider timeProvider, Random random, PeersTrace trace)
    : IAsyncDisposable
{
    private readonly Lock _gate = new();

    // Not disposed: it holds nothing, and whoever comes late must still find it cancelled.
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];

    // Written under the gate as one reference, read without: a reader that gets the link before finds it retired.
    private volatile Route? _current;

    /// <summary>The link to this leader, or null where it is no member or this object is disposed.</summary>
    public ForwardLink? LinkTo(NodeId leader, Membership membership)
    {
        var current = _current;
        return current is not null && current.Leads(leader, membership) ? current.Link : Replace(leader, membership);
    }

    /// <summary>Another node leads: what has not been sent to the former leader goes back to its senders.</summary>
    public void RetireUnless(NodeId leader)
    {
        if (_current is { } current && current.Link.Leader != leader)
            current.Link.Retire();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task[] running;
        lock (_gate)
            running = [.. _running];
        await Task.WhenAll(running);
    }

    private ForwardLink? Replace(NodeId leader, Membership membership)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || membership.Find(leader) is not { } member)
                return null;

            var current = _current;
            if (current?.Link.Leader != leader || current.Link.Address != member.Address || current.Link.IsRetired)
            {
                current?.Link.Retire();
                _running.RemoveAll(task => task.IsCompletedSuccessfully);
                var seeded = new Random(random.Next());
                var link = new ForwardLink(leader, member.Address, dialer, options, timeProvider, seeded, trace);
                _running.Add(Task.Run(() => link.RunAsync(_stopping.Token)));
                return (_current = new Route(link, membership)).Link;
            }

            return (_current = current with { Membership = membership }).Link;
        }
    }

    private sealed record Route(ForwardLink Link, Membership Membership)
    {
        public bool Leads(NodeId leader, Membership membership) =>
            Link.Leader == leader && ReferenceEquals(Membership, membership) && !Link.IsRetired;
    }
}
