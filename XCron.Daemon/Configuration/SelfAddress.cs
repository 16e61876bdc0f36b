using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace XCron.Daemon.Configuration;

/// <summary>Which address is this node's own, as its peers use it.</summary>
internal abstract record SelfAddress
{
    private SelfAddress()
    {
    }

    /// <param name="Address">"host:port".</param>
    internal sealed record Found(string Address) : SelfAddress;

    /// <param name="Message">Why, and what to set; a sentence.</param>
    internal sealed record Unclear(string Message) : SelfAddress;

    /// <param name="peerHosts">Checked "host:port"; may be empty.</param>
    /// <param name="self">Wins where it is not empty.</param>
    /// <param name="ownAddresses">The machine's own, or the one it listens on.</param>
    /// <param name="hostName">The machine's own; "node1" also is node1.example.com.</param>
    /// <param name="peerPort">Tells several nodes on one machine apart.</param>
    public static SelfAddress Detect(
        IReadOnlyList<string> peerHosts,
        string self,
        IReadOnlyList<IPAddress> ownAddresses,
        string hostName,
        int peerPort)
    {
        if (self.Length > 0)
            return new Found(self);
        if (peerHosts.Count == 0)
            return new Found(new HostPort(Outward(ownAddresses), peerPort).ToString());

        var own = peerHosts.Select(Parse).Where(host => IsOwn(host, ownAddresses, hostName)).ToList();
        var atPort = own.Where(host => host.Port == peerPort).ToList();
        return (own.Count, atPort.Count) switch
        {
            (_, 1) => new Found(atPort[0].ToString()),
            (_, > 1) => new Unclear(
                $"{string.Join(" and ", atPort)} of peer_hosts are both this machine; set [peer] self to one of them."),
            (0, _) => new Unclear(
                $"none of peer_hosts ({string.Join(", ", peerHosts)}) is an address of this machine "
                + $"({Known(ownAddresses, hostName)}); set [peer] self to the one that is."),
            _ => new Unclear(
                $"of peer_hosts {string.Join(" and ", own)} is this machine, but peer_port is {peerPort}; "
                + "make the ports equal or set [peer] self."),
        };
    }

    private static bool IsOwn(HostPort host, IReadOnlyList<IPAddress> ownAddresses, string hostName)
    {
        if (host.TryGetAddress(out var address))
            return ownAddresses.Contains(address)
                || (IPAddress.IsLoopback(address) && ownAddresses.Any(IPAddress.IsLoopback));
        if (host.Host == "localhost")
            return ownAddresses.Any(IPAddress.IsLoopback);

        var isFullName = hostName.Contains('.');
        return hostName.Length > 0 && string.Equals(
            isFullName ? host.Host : host.Host.Split('.')[0], hostName, StringComparison.OrdinalIgnoreCase);
    }

    private static string Outward(IReadOnlyList<IPAddress> ownAddresses) =>
        ownAddresses
            .Where(address => !IPAddress.IsLoopback(address) && !IsLinkLocal(address))
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .Append(IPAddress.Loopback)
            .First()
            .ToString();

    private static bool IsLinkLocal(IPAddress address) =>
        address.IsIPv6LinkLocal || IPNetwork.Parse("169.254.0.0/16").Contains(address);

    private static string Known(IReadOnlyList<IPAddress> ownAddresses, string hostName) =>
        string.Join(", ", ownAddresses.Select(address => address.ToString()).Append(hostName));

    private static HostPort Parse(string text) =>
        HostPort.TryParse(text, out var host) ? host : throw new UnreachableException($"{text} was checked before.");
}
