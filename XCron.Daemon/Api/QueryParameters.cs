using Microsoft.AspNetCore.WebUtilities;

namespace XCron.Daemon.Api;

/// <summary>Reads a query string strictly: no unknown parameter, none twice that may not be repeated.</summary>
internal static class QueryParameters
{
    private const int MaxRepeats = 16;

    /// <param name="query">With or without its question mark.</param>
    /// <param name="table">The parameters there may be.</param>
    /// <param name="values">What was given.</param>
    /// <returns>What is wrong, or null.</returns>
    public static ApiError? Read(QueryString query, FieldTable table, out QueryValues values)
    {
        values = new QueryValues(table);
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            var name = pair.DecodeName().ToString();
            var place = Array.IndexOf(table.Names, name);
            if (place < 0)
                return Unknown(name, table.Names);
            var count = values.All(place).Count;
            if (count > 0 && !table.Fields[place].IsRepeated)
                return ApiError.BadRequest($"query parameter \"{name}\" is given twice");
            if (count == MaxRepeats)
                return ApiError.BadRequest($"query parameter \"{name}\" is given more than {MaxRepeats} times");
            values.Add(place, pair.DecodeValue().ToString());
        }

        for (var place = 0; place < table.Fields.Count; place++)
        {
            if (table.Fields[place].IsRequired && values[place] is null)
                return Missing(table, place);
        }

        return null;
    }

    /// <summary>A call that takes everything in its body.</summary>
    public static ApiError? ReadNone(QueryString query) => query.HasValue && query.Value.Length > 1
        ? ApiError.BadRequest("this call takes no query parameters; its fields belong into the JSON body")
        : null;

    /// <summary>The refusal of a value, in the words of the table.</summary>
    public static ApiError Refuse(FieldTable table, int parameter, string value) => ApiError.BadRequest(
        $"{table.Names[parameter]} is {Shown.Text(value)}; must be {table.Expected(parameter)}");

    private static ApiError Missing(FieldTable table, int parameter) => ApiError.BadRequest(
        $"query parameter \"{table.Names[parameter]}\" is missing; must be {table.Expected(parameter)}");

    private static ApiError Unknown(string name, string[] known)
    {
        const int MaxShown = 64;
        if (known.Length == 0)
            return ApiError.BadRequest("this call takes no query parameters");
        var shown = name.Length <= MaxShown ? name : name[..MaxShown];
        var likely = NearestName.Find(shown, known);
        return ApiError.BadRequest(likely is null
            ? $"unknown query parameter \"{shown}\"; known are {string.Join(", ", known)}"
            : $"unknown query parameter \"{shown}\"; did you mean \"{likely}\"?");
    }
}
