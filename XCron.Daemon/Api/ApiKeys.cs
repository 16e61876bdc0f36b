using System.Security.Cryptography;
using System.Text;

namespace XCron.Daemon.Api;

/// <summary>
/// The keys that open the API, known by their SHA-256 alone: keys are long and random, so a slow hash would protect
/// nothing more. Thread-safe.
/// </summary>
internal sealed class ApiKeys(IReadOnlyList<ApiKeyHash> hashes)
{
    public const string KeyHeader = "X-Api-Key";
    private const string Bearer = "Bearer ";

    private static readonly ApiError NoneFits = new(
        ApiCode.NoKey,
        "this cluster asks for an API key, and none that fits was sent; must be in the header " +
        "\"Authorization: Bearer KEY\" or \"X-Api-Key: KEY\"");

    public static ApiKeys Off { get; } = new([]);

    /// <summary>Why this request may not make a call that needs the role, or null.</summary>
    public ApiError? Refuse(HttpRequest request, ApiRole needed)
    {
        if (hashes.Count == 0 || needed == ApiRole.None)
            return null;

        // What a proxy put into the one header takes nothing from a key in the other.
        var role = RoleOf(BearerOf(request.Headers));
        if (role == ApiRole.None && request.Headers.TryGetValue(KeyHeader, out var key))
            role = RoleOf(key);
        if (role == ApiRole.None)
            return NoneFits;
        return role >= needed
            ? null
            : new ApiError(
                ApiCode.NotAllowed, $"the key's role is {Name(role)}; this call needs the role {Name(needed)}");
    }

    public static string Name(ApiRole role) => role switch
    {
        ApiRole.Read => "read",
        ApiRole.Write => "write",
        ApiRole.Admin => "admin",
        _ => "none",
    };

    private static string? BearerOf(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization[Bearer.Length..].Trim()
            : null;
    }

    /// <remarks>Compares with every key to the last byte, so that the time taken tells nothing.</remarks>
    private ApiRole RoleOf(string? key)
    {
        if (string.IsNullOrEmpty(key))
            return ApiRole.None;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        var role = ApiRole.None;
        foreach (var known in hashes)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Bytes) && known.Role > role)
                role = known.Role;
        }

        return role;
    }
}
