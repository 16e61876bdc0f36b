using static XCron.Daemon.Configuration.ConfigurationKeys;

namespace XCron.Daemon.Configuration;

/// <summary>What must hold between settings; each alone is good by now.</summary>
internal static class OptionsRules
{
    private const int HeartbeatsInElection = 10;
    private const int RequestsInSegment = 4;

    /// <summary>A sentence for each rule that is broken.</summary>
    public static IEnumerable<string> Broken(ConfigurationValues values) =>
        [.. Timeouts(values), .. Sizes(values), .. Ports(values), .. Peers(values)];

    private static IEnumerable<string> Timeouts(ConfigurationValues values)
    {
        var election = values.Get(ElectionTimeout);
        var heartbeat = values.Get(HeartbeatInterval);
        if (heartbeat * HeartbeatsInElection > election)
            yield return Sentence(values, [HeartbeatInterval, ElectionTimeout],
                $"heartbeat_interval_ms is {heartbeat.TotalMilliseconds}; must be at most a tenth of "
                + $"election_timeout_ms ({election.TotalMilliseconds}).");

        var owner = values.Get(OwnerTimeout);
        if (owner < election)
            yield return Sentence(values, [OwnerTimeout, ElectionTimeout],
                $"owner_timeout is {owner.TotalSeconds} s; must be at least election_timeout_ms "
                + $"({election.TotalMilliseconds}).");

        var misfire = values.Get(MisfireThreshold);
        if (misfire <= owner)
            yield return Sentence(values, [MisfireThreshold, OwnerTimeout],
                $"misfire_threshold is {misfire.TotalSeconds} s; must be above owner_timeout "
                + $"({owner.TotalSeconds} s).");
    }

    private static IEnumerable<string> Sizes(ConfigurationValues values)
    {
        var request = values.Get(MaxRequestBytes);
        var segment = values.Get(SegmentBytes);
        if (request > segment / RequestsInSegment)
            yield return Sentence(values, [MaxRequestBytes, SegmentBytes],
                $"max_request_bytes is {request}; must be at most a quarter of segment_bytes ({segment}).");

        var perHost = values.Get(MaxPerHost);
        var concurrent = values.Get(MaxConcurrent);
        if (perHost > concurrent)
            yield return Sentence(values, [MaxPerHost, MaxConcurrent],
                $"max_per_host is {perHost}; must be at most max_concurrent ({concurrent}).");
    }

    private static IEnumerable<string> Ports(ConfigurationValues values)
    {
        TypedKey<int>[] ports = [HttpPort, MonitorPort, PeerPort];
        return from later in Enumerable.Range(0, ports.Length)
               from earlier in Enumerable.Range(0, later)
               where values.Get(ports[later]) == values.Get(ports[earlier])
               select Sentence(values, [ports[later], ports[earlier]],
                   $"{ports[later].Name} is {values.Get(ports[later])}, and so is {ports[earlier].Name}; each needs a "
                   + "port of its own.");
    }

    private static IEnumerable<string> Peers(ConfigurationValues values)
    {
        var hosts = values.Get(PeerHosts);
        var self = values.Get(Self);
        if (self.Length > 0 && hosts.Count > 0 && !hosts.Contains(self))
            yield return Sentence(values, [Self, PeerHosts],
                $"[peer] self is \"{self}\"; must be one of peer_hosts ({string.Join(", ", hosts)}).");

        var join = values.Get(Join);
        if (join.Count > 0 && hosts.Count > 0)
            yield return Sentence(values, [Join, PeerHosts],
                "[peer] join and peer_hosts are both given; must be one of them: peer_hosts forms a cluster, join "
                + "enters one that is there.");
        if (join.Count == 1 && join[0] == self)
            yield return Sentence(values, [Join, Self],
                $"[peer] join has only \"{self}\", which is this node itself; must name nodes of the cluster.");

        var loopback = hosts.FirstOrDefault(IsLoopback);
        var outward = hosts.FirstOrDefault(host => !IsLoopback(host));
        if (loopback is not null && outward is not null)
            yield return Sentence(values, [PeerHosts],
                $"[peer] peer_hosts has \"{loopback}\", which is another machine for each node, beside \"{outward}\"; "
                + "must be addresses that mean the same on every node.");
    }

    private static bool IsLoopback(string host) => HostPort.TryParse(host, out var parsed) && parsed.IsLoopback;

    private static string Sentence(ConfigurationValues values, ConfigurationKey[] keys, string sentence) =>
        $"{values.WhereFirst(keys)}: {sentence}";
}
