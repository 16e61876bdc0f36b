using System.Net;

namespace XCron.Daemon.Configuration;

/// <summary>
/// Every setting of a daemon. What each is for, its unit and its range stand in <see cref="ConfigurationKeys"/>, which
/// takes its defaults from here.
/// </summary>
internal sealed class XCronOptions
{
    public string Env { get; init; } = "product";

    public int HttpPort { get; init; } = 8000;

    public int MonitorPort { get; init; } = 9910;

    public int PeerPort { get; init; } = 8899;

    public IPAddress Bind { get; init; } = IPAddress.Any;

    /// <summary>Absolute once loaded.</summary>
    public string RaftDir { get; init; } = "./data/";

    /// <summary>Once loaded, a zone whose id is known to the machine's tz database.</summary>
    public TimeZoneInfo DefaultTimezone { get; init; } = TimeZoneInfo.Local;

    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public int MaxRequestBytes { get; init; } = 256 * 1024;

    public TimeSpan OwnerTimeout { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan CompletedRetention { get; init; } = TimeSpan.FromDays(1);

    public TimeSpan MisfireThreshold { get; init; } = TimeSpan.FromMinutes(1);

    public PeerSection Peer { get; init; } = new();

    public RaftSection Raft { get; init; } = new();

    public CallbackSection Callback { get; init; } = new();

    public AuthSection Auth { get; init; } = new();

    public TlsSection Tls { get; init; } = new();

    /// <summary>Whether a peer must prove that it belongs here.</summary>
    public bool IsPeerPortGuarded => Peer.SharedSecret.Length > 0 || Tls.Peer is not null;

    /// <summary>Whether the configuration itself says that there are other nodes.</summary>
    public bool IsMeantForMany => Peer.PeerHosts.Count > 1 || Peer.Join.Count > 0;

    public LogSection Log { get; init; } = new();
}
