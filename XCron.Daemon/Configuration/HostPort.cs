using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace XCron.Daemon.Configuration;

/// <summary>An address to connect to. Equal ones have one spelling: lower case, IPv6 shortened, in brackets.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>The host as an address; false for a name.</summary>
    public bool TryGetAddress([NotNullWhen(true)] out IPAddress? address) => TryParseAddress(Host, out address);

    /// <summary>Whether only the machine itself can mean itself by it.</summary>
    public bool IsLoopback => Host == "localhost" || (TryGetAddress(out var address) && IPAddress.IsLoopback(address));

    public static bool TryParse(string? text, out HostPort hostPort)
    {
        hostPort = default;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !TryParsePort(text![(colon + 1)..], out var port))
            return false;

        var host = text[..colon].ToLowerInvariant();
        var inBrackets = host is ['[', .., ']'];
        if (inBrackets)
            host = host[1..^1];
        if (TryParseAddress(host, out var address))
        {
            // 0.0.0.0 names no machine; without brackets an IPv6 address and its port cannot be told apart.
            var isSpecific = !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
            hostPort = new HostPort(address.ToString(), port);
            return isSpecific && host.Contains(':') == inBrackets;
        }

        hostPort = new HostPort(host, port);
        return !inBrackets && Uri.CheckHostName(host) == UriHostNameType.Dns && !EndsInNumber(host);
    }

    /// <summary>Refuses the short forms of inet_aton, in which "10" is 0.0.0.10.</summary>
    public static bool TryParseAddress(string? text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>No name ends in a label of digits alone (RFC 1123 §2.1): it is an address with a mistake.</summary>
    private static bool EndsInNumber(string host) => host[(host.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit);

    private static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
