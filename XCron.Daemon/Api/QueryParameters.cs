using Microsoft.AspNetCore.WebUtilities;

namespace XCron.Daemon.Api;

/// <summary>Reads a query string strictly: no unknown parameter, none twice.</summary>
internal static class QueryParameters
{
    /// <param name="query">With or without its question mark.</param>
    /// <param name="names">The parameters there may be.</param>
    /// <param name="values">One place for each name; null where it is not given.</param>
    /// <returns>What is wrong, or null.</returns>
    public static ApiError? Read(QueryString query, ReadOnlySpan<string> names, out string?[] values)
    {
        values = new string?[names.Length];
        if (!query.HasValue)
            return null;
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            var name = pair.DecodeName().ToString();
            var place = names.IndexOf(name);
            if (place < 0)
                return Unknown(name, names);
            if (values[place] is not null)
                return ApiError.BadRequest($"query parameter \"{name}\" is given twice");
            values[place] = pair.DecodeValue().ToString();
        }

        return null;
    }

    /// <summary>A call that takes everything in its body.</summary>
    public static ApiError? ReadNone(QueryString query) => query.HasValue && query.Value.Length > 1
        ? ApiError.BadRequest("this call takes no query parameters; its fields belong into the JSON body")
        : null;

    private static ApiError Unknown(string name, ReadOnlySpan<string> names)
    {
        const int MaxShown = 64;
        if (names.IsEmpty)
            return ApiError.BadRequest("this call takes no query parameters");
        var shown = name.Length <= MaxShown ? name : name[..MaxShown];
        var known = names.ToArray();
        var likely = NearestName.Find(shown, known);
        return ApiError.BadRequest(likely is null
            ? $"unknown query parameter \"{shown}\"; known are {string.Join(", ", known)}"
            : $"unknown query parameter \"{shown}\"; did you mean \"{likely}\"?");
    }
}
