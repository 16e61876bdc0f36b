using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>A link to every other member, as members come and go.</summary>
internal sealed class ReportLinks(
    IRaftAccess raft,
    IPeerDialer dialer,
    SelfStatus self,
    MemberDirectory members,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace)
{
    private readonly Lock _gate = new();

    // Touched by RunAsync; Hurry reads it, hence the gate.
    private readonly Dictionary<Member, Running> _links = [];

    /// <summary>Every other node is to hear at once how this one is.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            foreach (var running in _links.Values)
                running.Link.Hurry();
        }
    }

    /// <summary>Runs until stopped, and returns when every link has ended.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var changed = new Pulse();
        raft.Changed += changed.Set;

        // Whoever is back is told at once that this node is here: its link must not sleep out its backoff.
        members.Changed += Hurry;
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var next = changed.Next;
                await FollowAsync(raft.Membership, stopping);
                var ended = Task.WhenAny([next, .. _links.Values.Select(running => running.Ended)]);
                await Pulse.WaitAsync(ended, Timeout.InfiniteTimeSpan, timeProvider, stopping);
                await RequireLinksAsync();
            }
        }
        finally
        {
            raft.Changed -= changed.Set;
            members.Changed -= Hurry;
            await EndAsync([.. _links.Values]);
        }
    }

    /// <summary>
    /// A link ends when it is told to, else of a defect. Who does not report is dead to that peer, so this node must
    /// not go on as if it were not.
    /// </summary>
    private async Task RequireLinksAsync()
    {
        foreach (var running in _links.Values.Where(running => running.Ended.IsFaulted))
            await running.Ended;
    }

    private async Task FollowAsync(Membership membership, CancellationToken stopping)
    {
        // A voter that was a learner is the same peer at the same address.
        var wanted = membership.Members
            .Where(member => member.Id != raft.Self)
            .Select(member => member with { Suffrage = Suffrage.Voter })
            .ToHashSet();
        List<Running> unwanted = [];
        lock (_gate)
        {
            foreach (var (member, running) in _links.Where(link => !wanted.Contains(link.Key)).ToArray())
            {
                _links.Remove(member);
                unwanted.Add(running);
            }

            foreach (var member in wanted.Where(member => !_links.ContainsKey(member)))
                _links.Add(member, Start(member, stopping));
        }

        members.KeepOnly(membership);
        await EndAsync(unwanted);
    }

    private Running Start(Member member, CancellationToken stopping)
    {
        var seeded = new Random(random.Next());
        var link = new ReportLink(member, dialer, self, members, options, timeProvider, seeded, trace);
        var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        return new Running(link, ending, Task.Run(() => link.RunAsync(ending.Token), CancellationToken.None));
    }

    private static async Task EndAsync(IReadOnlyList<Running> links)
    {
        foreach (var running in links)
            await running.Ending.CancelAsync();
        await Task.WhenAll(links.Select(running => running.Ended));
        foreach (var running in links)
            running.Ending.Dispose();
    }

    private sealed record Running(ReportLink Link, CancellationTokenSource Ending, Task Ended);
}
