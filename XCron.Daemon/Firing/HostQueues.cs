namespace XCron.Daemon.Firing;

/// <summary>
/// Shares the places for attempts among their targets: first come, first served for one target, turn by turn between
/// them. A target may hold so many places at most, and never more than are left free, so that stuck ones leave room
/// for others (the dynamic threshold of Choudhury and Hahne, 1998, with factor 1). A quarter of the places is kept
/// for targets that have no other, one each, so that dozens may be stuck and still delay nobody. Not thread-safe.
/// </summary>
internal sealed class HostQueues(int maxInFlight, int maxPerHost)
{
    private readonly Dictionary<string, HostQueue> _hosts = new(StringComparer.OrdinalIgnoreCase);

    private readonly int _kept = maxInFlight / 4;

    // Invariant: holds each host that has waiting attempts and fewer than maxPerHost in flight, once.
    private readonly Queue<HostQueue> _ring = new();

    public int Waiting { get; private set; }

    public int InFlight { get; private set; }

    public int Hosts => _hosts.Count;

    public void Add(ReadOnlySpan<char> host, in AttemptTicket ticket)
    {
        var lookup = _hosts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(host, out var queue))
            _hosts.Add((queue = new HostQueue(host.ToString())).Host, queue);
        queue.Waiting.Enqueue(ticket);
        Waiting++;
        Enter(queue);
    }

    /// <summary>Takes the next attempt that has a place; <see cref="Done"/> gives the place back.</summary>
    public bool TryTake(out AttemptTicket ticket, out HostQueue host)
    {
        var free = maxInFlight - InFlight;
        for (var looks = free > 0 ? _ring.Count : 0; looks > 0; looks--)
        {
            host = _ring.Dequeue();
            host.IsInRing = false;
            if (host.InFlight == 0 || host.InFlight < free - _kept)
            {
                ticket = host.Waiting.Dequeue();
                host.InFlight++;
                InFlight++;
                Waiting--;
                Enter(host);
                return true;
            }

            Enter(host);
        }

        (ticket, host) = (default, null!);
        return false;
    }

    public void Done(HostQueue host)
    {
        host.InFlight--;
        InFlight--;
        if (host.InFlight == 0 && host.Waiting.Count == 0)
            _hosts.Remove(host.Host);
        else
            Enter(host);
    }

    private void Enter(HostQueue host)
    {
        if (host.IsInRing || host.Waiting.Count == 0 || host.InFlight >= maxPerHost)
            return;
        host.IsInRing = true;
        _ring.Enqueue(host);
    }
}
