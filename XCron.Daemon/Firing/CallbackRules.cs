using System.Net;

namespace XCron.Daemon.Firing;

/// <summary>
/// Which addresses callbacks may reach. Denied networks are refused; where some are allowed, all others are refused.
/// Link-local addresses, where clouds keep the credentials of a machine, are refused unless a network within them is
/// allowed by name: an allowed 0.0.0.0/0 does not open them.
/// </summary>
internal sealed class CallbackRules(IReadOnlyList<IPNetwork> allowed, IReadOnlyList<IPNetwork> denied)
{
    private static readonly IPNetwork[] Closed =
    [
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fd00:ec2::254/128"),
    ];

    /// <summary>Well-known prefix of translators to IPv4 (RFC 6052), and the deprecated IPv4-compatible form.</summary>
    private static readonly IPNetwork[] Embedding = [IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("::/96")];

    public bool Allows(IPAddress address)
    {
        if (Reached(address) is { } reached)
            return Allows(reached) && !Contains(denied, address);
        if (Contains(denied, address))
            return false;
        foreach (var closed in Closed)
        {
            if (closed.Contains(address))
                return allowed.Any(network => IsWithin(network, closed) && network.Contains(address));
        }

        return allowed.Count == 0 || Contains(allowed, address);
    }

    /// <summary>The other address that is reached through this one; null if none.</summary>
    private static IPAddress? Reached(IPAddress address)
    {
        // Who connects to the unspecified address is connected to this machine itself.
        if (address.Equals(IPAddress.Any))
            return IPAddress.Loopback;
        if (address.Equals(IPAddress.IPv6Any))
            return IPAddress.IPv6Loopback;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        var isEmbedding = !IPAddress.IsLoopback(address) && Contains(Embedding, address);
        return isEmbedding ? new IPAddress(address.GetAddressBytes()[12..]) : null;
    }

    private static bool Contains(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    private static bool IsWithin(IPNetwork inner, IPNetwork outer) =>
        inner.PrefixLength >= outer.PrefixLength && outer.Contains(inner.BaseAddress);
}
