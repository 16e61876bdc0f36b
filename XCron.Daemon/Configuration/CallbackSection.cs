using System.Net;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Configuration;

/// <summary>[callback]: how many calls go out at once, and to where.</summary>
internal sealed class CallbackSection
{
    public int MaxConcurrent { get; init; } = 256;

    public int MaxPerHost { get; init; } = 64;

    /// <summary>If not empty, only addresses in one of these are called.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];

    /// <summary>Addresses in one of these are never called, also where <see cref="Allow"/> has them.</summary>
    public IReadOnlyList<IPNetwork> Deny { get; init; } =
    [
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("fd00:ec2::254/128"),
        IPNetwork.Parse("fd20:ce::254/128"),
    ];

    /// <summary>What callbacks are signed with; empty: they are not.</summary>
    public IReadOnlyList<SigningSecret> SigningSecrets { get; init; } = [];
}
