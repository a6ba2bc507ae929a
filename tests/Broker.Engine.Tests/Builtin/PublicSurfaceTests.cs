using System.Reflection;
using System.Text.RegularExpressions;

namespace Broker.Engine.Tests.Builtin;

/// <summary>
/// Whatever is public in the engine and in the test kit stands in akka-api.txt, the list of Akka.NET 1.5.30's signatures, so that
/// what is written against the engine compiles against Akka.NET.
/// </summary>
public sealed class PublicSurfaceTests
{
    private static readonly Dictionary<string, ListedType> Listed = ListedType.Read(Path.Combine(AppContext.BaseDirectory, "akka-api.txt"));

    public static TheoryData<Type> PublicTypes() =>
    [
        .. typeof(ActorSystem).Assembly.GetExportedTypes(),
        .. typeof(TestKit).Assembly.GetExportedTypes().Where(type => type.Namespace == typeof(TestKit).Namespace),
    ];

    [Theory]
    [MemberData(nameof(PublicTypes))]
    public void Every_public_type_and_member_stands_in_the_list(Type type)
    {
        var name = Signature.NameOf(type);
        Assert.True(Listed.TryGetValue(name, out var listed), $"{name} is not in akka-api.txt.");

        var extra = Signature.MembersOf(type).Except(listed.Members).ToList();

        Assert.True(
            extra.Count == 0,
            $"{name} has what the list has not:\n{string.Join('\n', extra)}\nThe list has:\n{string.Join('\n', listed.Members)}");
        Assert.Equal(listed.Kind, Signature.KindOf(type));
    }

    [Fact]
    public void The_comparison_can_fail()
    {
        Assert.False(Listed.ContainsKey(Signature.NameOf(typeof(PublicSurfaceTests))));
        Assert.NotEmpty(Signature.MembersOf(typeof(string)).Except(Listed["ActorSystem"].Members));
        Assert.Contains("protected SetReceiveTimeout(TimeSpan?) : void", Listed["ActorBase"].Members);
        Assert.DoesNotContain("public SetReceiveTimeout(TimeSpan?) : void", Listed["ActorBase"].Members);
    }

    /// <summary>One block of the list.</summary>
    private sealed record ListedType(string Kind, HashSet<string> Members)
    {
        public static Dictionary<string, ListedType> Read(string path)
        {
            var types = new Dictionary<string, ListedType>();
            ListedType? current = null;
            foreach (var line in File.ReadLines(path).Where(line => !Regex.IsMatch(line, "^(#|namespace|$)")))
            {
                if (line[0] != ' ')
                {
                    var header = Regex.Match(
                        line, @"^(?:(?:sealed|abstract|static) )?(class|interface|enum|delegate) ([\w.<>, ]+?)(?: :.*)?$");
                    Assert.True(header.Success, $"Not understood: {line}");
                    current = types[header.Groups[2].Value] = new ListedType(header.Groups[1].Value, []);
                }
                else if (current!.Kind == "enum")
                {
                    current.Members.UnionWith(line.Split(',', StringSplitOptions.TrimEntries));
                }
                else
                {
                    current.Members.UnionWith(Signature.OfListed(line.Trim(), interfaceMember: current.Kind == "interface"));
                }
            }

            return types;
        }
    }

    /// <summary>Both sides' members in one form: <c>public static Name(types) : type</c>.</summary>
    private static class Signature
    {
        private const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

        private static readonly string[] Keywords = ["abstract", "virtual", "readonly", "static", "protected"];

        public static string NameOf(Type type) => Text(type);

        public static string KindOf(Type type) =>
            type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsSubclassOf(typeof(Delegate)) ? "delegate" : "class";

        public static IEnumerable<string> MembersOf(Type type)
        {
            if (type.IsEnum)
            {
                return type.GetEnumNames();
            }

            // An override of ToString adds nothing to what can be written.
            var methods = type.GetMethods(All)
                .Where(method => !method.IsSpecialName && IsSeen(method) && method.GetBaseDefinition().DeclaringType != typeof(object))
                .Select(method => $"{Access(method)}{method.Name}{GenericOf(method)}({Parameters(method)}) : {Text(method.ReturnType)}");
            var constructors = type.GetConstructors(All).Where(made => IsSeen(made) && !made.IsStatic)
                .Select(made => $"{Access(made)}{Text(type).Split('.').Last()}({Parameters(made)})");
            var fields = type.GetFields(All).Where(field => field.IsPublic || field.IsFamily)
                .Select(field => $"{Access(field.IsPublic, field.IsStatic)}{field.Name} : {Text(field.FieldType)}");
            var properties =
                from property in type.GetProperties(All)
                from accessor in property.GetAccessors(nonPublic: true)
                where IsSeen(accessor)
                let verb = accessor.ReturnType == typeof(void) ? "set" : "get"
                select $"{Access(accessor)}{property.Name} {verb} : {Text(property.PropertyType)}";
            return methods.Concat(constructors).Concat(fields).Concat(properties);
        }

        /// <summary>One line of the list; a property is one member per accessor.</summary>
        public static IEnumerable<string> OfListed(string line, bool interfaceMember)
        {
            var words = line.Split(' ').TakeWhile(Keywords.Contains).ToList();
            var rest = string.Join(' ', line.Split(' ').Skip(words.Count));
            var access = (words.Contains("protected") ? "protected " : "public ") + (words.Contains("static") ? "static " : "");
            var property = Regex.Match(rest, @"^(?<type>.+) (?<name>\w+) \{ (?<accessors>[^}]+) \}$");
            if (property.Success)
            {
                return property.Groups["accessors"].Value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(accessor => $"{access}{property.Groups["name"].Value} {accessor} : {property.Groups["type"].Value}");
            }

            var method = Regex.Match(rest, @"^(?:(?<type>.+?) )?(?<name>\w+)(?<generic><[\w, ]+>)?\((?<parameters>.*)\)$");
            if (method.Success)
            {
                var type = method.Groups["type"].Value;
                var parameters = string.Join(", ", SplitParameters(method.Groups["parameters"].Value).Select(TypeOfParameter));
                var made = $"{access}{method.Groups["name"].Value}{method.Groups["generic"].Value}({parameters})";
                return [type.Length == 0 ? made : $"{made} : {type}"];
            }

            var field = Regex.Match(rest, @"^(?<type>.+) (?<name>\w+)$");
            Assert.True(field.Success, $"Not understood: {line} {interfaceMember}");
            return [$"{access}{field.Groups["name"].Value} : {field.Groups["type"].Value}"];
        }

        private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

        private static string Access(MethodBase method) => Access(method.IsPublic, method.IsStatic);

        private static string Access(bool isPublic, bool isStatic) => (isPublic ? "public " : "protected ") + (isStatic ? "static " : "");

        private static string GenericOf(MethodInfo method) =>
            method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Text))}>" : "";

        private static string Parameters(MethodBase method) =>
            string.Join(", ", method.GetParameters().Select(parameter => Text(parameter.ParameterType)));

        private static string Text(Type type)
        {
            if (type.IsByRef)
            {
                return Text(type.GetElementType()!);
            }

            if (type.IsArray)
            {
                return $"{Text(type.GetElementType()!)}[]";
            }

            if (Nullable.GetUnderlyingType(type) is { } underlying)
            {
                return $"{Text(underlying)}?";
            }

            var name = type.IsGenericType
                ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Text))}>"
                : type.Name switch
                {
                    "Void" => "void",
                    "Object" => "object",
                    "String" => "string",
                    "Boolean" => "bool",
                    "Byte" => "byte",
                    "Int32" => "int",
                    "Int64" => "long",
                    "Double" => "double",
                    var other => other,
                };
            return type is { IsNested: true, IsGenericParameter: false, DeclaringType: { } outer } ? $"{Text(outer)}.{name}" : name;
        }

        private static IEnumerable<string> SplitParameters(string parameters)
        {
            var depth = 0;
            var start = 0;
            for (var i = 0; i < parameters.Length; i++)
            {
                depth += parameters[i] switch { '<' => 1, '>' => -1, _ => 0 };
                if (parameters[i] == ',' && depth == 0)
                {
                    yield return parameters[start..i].Trim();
                    start = i + 1;
                }
            }

            if (parameters.Length > start)
            {
                yield return parameters[start..].Trim();
            }
        }

        /// <summary><c>params object[] args</c>, <c>TimeSpan? timeout = null</c>, <c>this Task taskToPipe</c>: the type alone.</summary>
        private static string TypeOfParameter(string parameter)
        {
            var declared = Regex.Replace(parameter, @"^(this|params|ref|out) ", "");
            declared = Regex.Replace(declared, " =.*$", "");
            return declared[..declared.LastIndexOf(' ')];
        }
    }
}
