using System.Globalization;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace XCron.Daemon.Configuration;

/// <summary>Settings of a TOML file, with their lines.</summary>
internal sealed class TomlSettings
{
    private const int MaxErrors = 20;

    private readonly string _fileName;
    private readonly List<Setting> _settings = [];
    private readonly List<string> _errors = [];

    private TomlSettings(string fileName) => _fileName = fileName;

    public IReadOnlyList<Setting> Settings => _settings;

    public IReadOnlyList<string> Errors => _errors;

    /// <param name="fileName">As messages name it.</param>
    /// <param name="text">What stands in it.</param>
    public static TomlSettings Read(string fileName, string text)
    {
        var read = new TomlSettings(fileName);
        var document = SyntaxParser.Parse(text, fileName, validate: true);
        if (document.HasErrors)
        {
            // One mistake makes the parser stumble over the rest of its line as well.
            foreach (var mistake in document.Diagnostics.DistinctBy(mistake => mistake.Span.Start.Line).Take(MaxErrors))
                read._errors.Add($"{read.At(mistake.Span)}: {Sentence(mistake.Message)}");
            return read;
        }

        foreach (var pair in document.KeyValues)
            read.Add("", pair);
        foreach (var table in document.Tables)
            read.Add(table);
        return read;
    }

    private void Add(TableSyntaxBase table)
    {
        var path = PathOf(table.Name!);
        if (!ConfigurationKeys.Sections.Contains(path))
        {
            var meant = NearMiss.Find(path, ConfigurationKeys.Sections) is { } section
                ? $"did you mean [{section}]?"
                : $"there are [{string.Join("], [", ConfigurationKeys.Sections)}].";
            _errors.Add($"{At(table.Name!.Span)}: [{path}] is not a section; {meant}");
            return;
        }

        if (table is TableArraySyntax)
            _errors.Add($"{At(table.Name!.Span)}: [[{path}]] must be written [{path}].");
        foreach (var pair in table.Items)
            Add($"{path}.", pair);
    }

    private void Add(string prefix, KeyValueSyntax pair)
    {
        var path = prefix + PathOf(pair.Key!);
        if (pair.Value is not InlineTableSyntax table)
        {
            _settings.Add(new Setting(path, ValueOf(pair.Value!), SettingOrigin.File, At(pair.Span)));
            return;
        }

        foreach (var item in table.Items)
            Add($"{path}.", item.KeyValue!);
    }

    private string At(SourceSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{_fileName}:{span.Start.Line + 1}");

    private static RawValue ValueOf(ValueSyntax value) => value switch
    {
        StringValueSyntax text => RawValue.OfText(text.Value ?? ""),
        IntegerValueSyntax whole => RawValue.OfNumber(whole.Value.ToString(CultureInfo.InvariantCulture)),
        FloatValueSyntax number => RawValue.OfNumber(number.Value.ToString("R", CultureInfo.InvariantCulture)),
        BooleanValueSyntax boolean => RawValue.OfOther(boolean.Value ? "true" : "false"),
        ArraySyntax array => RawValue.OfList([.. array.Items.Select(item => ValueOf(item.Value!))]),
        InlineTableSyntax => RawValue.OfOther("a table"),
        _ => RawValue.OfOther(value.ToString().Trim()),
    };

    private static string PathOf(KeySyntax key) =>
        string.Join('.', key.DotKeys.Select(dotted => dotted.Key).Prepend(key.Key).Select(NameOf));

    private static string NameOf(BareKeyOrStringValueSyntax? name) => name switch
    {
        StringValueSyntax quoted => quoted.Value ?? "",
        _ => name!.ToString().Trim(),
    };

    private static string Sentence(string message) => message.TrimEnd('.').Replace("␤", "end of line") + ".";
}
