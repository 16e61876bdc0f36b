namespace XCron.Daemon.Tests.Soak;

/// <summary>The network between nodes: a link for each ordered pair, a proxy before each node's peer port.</summary>
internal sealed class PeerNetwork : IAsyncDisposable
{
    private readonly PeerLink[,] _links;
    private readonly PeerProxy[] _proxies;

    /// <param name="peerPorts">The ports the nodes listen on.</param>
    /// <param name="proxyPorts">Those that their peers are told.</param>
    /// <param name="processes">The nodes' processes, to tell who connects.</param>
    /// <param name="seed">Decides which bytes stall.</param>
    public PeerNetwork(int[] peerPorts, int[] proxyPorts, Func<int[]> processes, int seed)
    {
        var count = peerPorts.Length;
        _links = new PeerLink[count, count];
        for (var from = 0; from < count; from++)
        {
            for (var to = 0; to < count; to++)
                _links[from, to] = new PeerLink();
        }

        _proxies = new PeerProxy[count];
        for (var i = 0; i < count; i++)
            _proxies[i] = new PeerProxy(i, proxyPorts[i], peerPorts[i], processes, Link, seed + i);
    }

    public PeerLink Link(int from, int to) => _links[from, to];

    /// <summary>The links between a node and another; both are given where one way is not enough.</summary>
    public IEnumerable<PeerLink> Links(int node, int other, bool outward, bool inward)
    {
        if (outward)
            yield return Link(node, other);
        if (inward)
            yield return Link(other, node);
    }

    /// <summary>Ends the connections of a node, as a router that was restarted would.</summary>
    public void Break(int node)
    {
        foreach (var proxy in _proxies)
            proxy.Break(node);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
    }
}
