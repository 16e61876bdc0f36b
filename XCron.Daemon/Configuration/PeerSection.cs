namespace XCron.Daemon.Configuration;

/// <summary>[peer]: who forms the cluster, and which of them this is.</summary>
internal sealed class PeerSection
{
    /// <summary>"host:port" in one spelling each (lower case, IPv6 in brackets); empty for one machine alone.</summary>
    public IReadOnlyList<string> PeerHosts { get; init; } = [];

    /// <summary>Nodes of a cluster that is there, spelt as those; empty: this node does not join one.</summary>
    public IReadOnlyList<string> Join { get; init; } = [];

    /// <summary>This node's address as its peers use it; once loaded never empty, given or found.</summary>
    public string Self { get; init; } = "";

    /// <summary>Empty for none.</summary>
    public string SharedSecret { get; init; } = "";
}
