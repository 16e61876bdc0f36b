using XCron.Daemon.Api;

namespace XCron.Daemon.Configuration;

/// <summary>[auth]: who may call the API.</summary>
internal sealed class AuthSection
{
    /// <summary>Empty: the API is open to whoever reaches it.</summary>
    public IReadOnlyList<ApiKeyHash> ApiKeys { get; init; } = [];
}
